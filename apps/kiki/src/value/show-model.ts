import type { Reporter } from '@kiki/cli';
import { ModelKind, ModelLabel, type GateResult, type Model } from '@kiki/contract-syncvalue';

/** A table of what the gates said. */
export function showGates(report: Reporter, gates: readonly GateResult[]): void {
  report.table(
    ['gate', 'passed', 'value', 'bound', 'of'],
    gates.map((gate) => [
      ...[gate.gate, gate.isApplicable ? (gate.isPassed ? 'yes' : 'NO') : 'not asked'],
      ...[short(gate.value), short(gate.bound), gate.requirement],
    ]),
  );
}

/** What is told of a model. */
export function modelFacts(model: Model) {
  const { modelVersion, backtest, createdAt, customerCount, isDropoutIdentified } = model;
  return {
    modelVersion,
    labels: model.labels.map((label) => ModelLabel[label].toLowerCase()),
    kind: ModelKind[model.kind].toLowerCase(),
    createdAt,
    customerCount: Number(customerCount),
    isDropoutIdentified,
    backtest: backtest && {
      mae: backtest.mae,
      bias: backtest.bias,
      normalizedGini: backtest.normalizedGini,
      decileMape: backtest.decileMape,
    },
  };
}

/** Four digits. */
export function short(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(Number(value.toPrecision(4)));
}
