import type { ModelArtefact } from './model.js';
import type { StoredBacktest } from './stored-backtest.js';

/** The gates before the champion's place, in the order in which they are asked. */
export type GateName =
  'backtest' | 'mae_ratio' | 'bias' | 'spend_bias' | 'decile_mape' | 'normalized_gini';

/** What one gate said. */
export interface GateResult {
  readonly gate: GateName;
  /** True also where the gate does not apply. */
  readonly isPassed: boolean;
  readonly isApplicable: boolean;
  readonly value: number | undefined;
  /** The most that the value may be; for normalized_gini the least. */
  readonly bound: number | undefined;
  readonly requirement: string;
}

/** What a model has to reach on its back-test. */
export interface GateSettings {
  /** Most MAE relative to the naive forecast's. */
  readonly maxMaeRatio: number;
  /** Most |predicted / actual − 1|; sampling error of the actuals is added. */
  readonly maxBias: number;
  /** The same of the money that came. */
  readonly maxSpendBias: number;
  readonly maxDecileMape: number;
  /** How far the normalised Gini may lie below the champion's on the same window. */
  readonly giniTolerance: number;
}

/** A model as the gates see it. */
export interface GatedModel {
  readonly version: string;
  readonly artefact: ModelArtefact;
}

/** Of a sum of a chance number of spends that vary by their mean, per purchase and in squares of that mean. */
const SPEND_VARIANCE = 2;
/** Fewer purchases in a decile than this say nothing about its mean: their relative error is above 30 %. */
const MIN_DECILE_PURCHASES = 10;

/** Asks every gate. @param champion undefined: nothing to compare with */
export function askGates(
  candidate: GatedModel,
  champion: GatedModel | undefined,
  settings: GateSettings,
): GateResult[] {
  const { backtest } = candidate.artefact;
  if (backtest === undefined) return [backtestMissing()];
  return [
    { ...verdict('backtest', 'a back-test on the model’s own log'), isApplicable: true },
    maeGate(backtest, settings),
    biasGate(backtest, settings),
    spendBiasGate(backtest, settings),
    decileGate(backtest, settings),
    giniGate(candidate, champion, backtest, settings),
  ];
}

/** The gates that refuse. */
export function failedGates(results: readonly GateResult[]): GateResult[] {
  return results.filter(({ isPassed }) => !isPassed);
}

/** The failed gates in one line, e.g. `bias 0.41 > 0.25`. */
export function gateSummary(results: readonly GateResult[]): string {
  const number = (value: number | undefined): string =>
    value === undefined ? 'unknown' : String(Number(value.toPrecision(4)));
  return failedGates(results)
    .map(({ gate, value, bound, requirement }) => {
      if (bound === undefined) return `${gate}: ${requirement}`;
      const sign = gate === 'normalized_gini' ? '<' : '>';
      return value === undefined
        ? `${gate}: ${requirement}`
        : `${gate} ${number(value)} ${sign} ${number(bound)}`;
    })
    .join(', ');
}

function verdict(gate: GateName, requirement: string): GateResult {
  const nothing = { value: undefined, bound: undefined };
  return { gate, isPassed: true, isApplicable: false, ...nothing, requirement };
}

function backtestMissing(): GateResult {
  const requirement =
    'a back-test; the log was too short for one, or the model is older than the gates';
  return { ...verdict('backtest', requirement), isPassed: false, isApplicable: true };
}

/** `value` may be at most `bound`. */
function atMost(
  gate: GateName,
  requirement: string,
  value: number | null,
  bound: number,
): GateResult {
  if (value === null) return verdict(gate, requirement);
  return { gate, isPassed: value <= bound, isApplicable: true, value, bound, requirement };
}

function maeGate({ model, naive }: StoredBacktest, { maxMaeRatio }: GateSettings): GateResult {
  const requirement = 'MAE over that of the naive forecast';
  const ratio = naive.mae > 0 ? model.mae / naive.mae : null;
  return atMost('mae_ratio', requirement, ratio, maxMaeRatio);
}

function biasGate({ model, revenue }: StoredBacktest, { maxBias }: GateSettings): GateResult {
  const requirement =
    '|predicted − actual| / actual, to which two standard errors of the count are added';
  const actual = Math.max(1, model.actual);
  const purchases = Math.max(1, revenue?.purchases ?? model.actual);
  const bias = Math.abs(model.predicted - model.actual) / actual;
  return atMost('bias', requirement, bias, maxBias + 2 / Math.sqrt(purchases));
}

/** Money of the same customers: purchases may be forecast well and their worth not. A forecast of revenue is `bias`. */
function spendBiasGate(
  { model, revenue }: StoredBacktest,
  { maxSpendBias }: GateSettings,
): GateResult {
  const requirement =
    '|predicted − actual| / actual money, to which two standard errors of as many spends are added';
  const { actual, actualSpendMicros, predictedSpendMicros } = model;
  if (revenue !== undefined || !(actualSpendMicros > 0)) return verdict('spend_bias', requirement);
  const bias = Math.abs(predictedSpendMicros / actualSpendMicros - 1);
  const bound = maxSpendBias + 2 * Math.sqrt(SPEND_VARIANCE / Math.max(1, actual));
  return atMost('spend_bias', requirement, bias, bound);
}

function decileGate(
  { model, revenue }: StoredBacktest,
  { maxDecileMape }: GateSettings,
): GateResult {
  const requirement = `mean error of the deciles, each with ${MIN_DECILE_PURCHASES} purchases or more`;
  const purchases = revenue?.deciles ?? model.deciles.map(([, , actual]) => actual);
  const isKnown = purchases.every((count) => count >= MIN_DECILE_PURCHASES);
  return atMost('decile_mape', requirement, isKnown ? model.decileMape : null, maxDecileMape);
}

function giniGate(
  candidate: GatedModel,
  champion: GatedModel | undefined,
  backtest: StoredBacktest,
  { giniTolerance }: GateSettings,
): GateResult {
  const requirement = 'normalised Gini beside the champion’s on the same window';
  const value = backtest.model.normalizedGini;
  if (champion === undefined || champion.version === candidate.version || value === null) {
    return verdict('normalized_gini', requirement);
  }
  const theirs = championGini(candidate, champion, backtest);
  if (theirs === undefined) {
    const why = 'a back-test on the champion’s window: fit the model anew';
    const known = { isPassed: false, isApplicable: true, value, bound: undefined };
    return { gate: 'normalized_gini', ...known, requirement: why };
  }
  if (theirs === null) return verdict('normalized_gini', requirement);
  const bound = theirs - giniTolerance;
  return {
    gate: 'normalized_gini',
    isPassed: value >= bound,
    isApplicable: true,
    value,
    bound,
    requirement,
  };
}

/** The champion's Gini on the candidate's window; undefined where nobody measured it. */
function championGini(
  candidate: GatedModel,
  champion: GatedModel,
  backtest: StoredBacktest,
): number | null | undefined {
  if (recipe(champion.artefact) === recipe(candidate.artefact))
    return backtest.model.normalizedGini;
  if (backtest.champion?.version === champion.version) return backtest.champion.normalizedGini;
  const theirs = champion.artefact.backtest;
  const isSameWindow =
    theirs !== undefined &&
    (theirs.revenue === undefined) === (backtest.revenue === undefined) &&
    theirs.calibrationDay === backtest.calibrationDay &&
    theirs.holdoutDay === backtest.holdoutDay &&
    theirs.model.customers === backtest.model.customers &&
    theirs.model.actual === backtest.model.actual;
  return isSameWindow ? theirs.model.normalizedGini : undefined;
}

/** Models of one recipe forecast a window alike: a back-test fits anew on its past, a graph is the same graph. */
export function recipe(artefact: ModelArtefact): string {
  const { onnx, timeUnit } = artefact;
  if (onnx !== undefined) return `onnx/${onnx.graphSha256}/${JSON.stringify(onnx.declaration)}`;
  return `${artefact.requestedKind ?? artefact.purchase.kind}/${timeUnit}`;
}
