import type { PurchaseModel, SpendModel } from '@kiki/clv';
import * as wire from '@kiki/contract-syncvalue';
import { roundHalfEven } from '@kiki/kernel';
import { artefactBytes } from '../../domain/artefact-text.js';
import { dayInstant } from '../../domain/ledger-terms.js';
import { kindOf, logCovariance, type Model, type ModelArtefact } from '../../domain/model.js';
import type { StoredScores } from '../../domain/stored-backtest.js';
import { acquisitionAnswer } from './acquisition-answer.js';
import { daysOf } from './answers.js';
import { driftAnswer } from './drift-answer.js';
import { matrixOf } from './interval-answer.js';
import { onnxAnswer } from './onnx-messages.js';
import { WIRE_KIND, WIRE_LABEL, WIRE_SPEND_KIND, WIRE_UNIT } from './enums.js';

/** A stored model as the wire has it. */
export function modelAnswer({ version, createdAtMs, artefact, labels, drift }: Model): wire.Model {
  const { spend, average } = artefact;
  return {
    modelVersion: version,
    kind: WIRE_KIND[kindOf(artefact)],
    ...forecastAnswer(artefact),
    spendKind: spend === undefined ? wire.SpendModelKind.UNSPECIFIED : WIRE_SPEND_KIND[spend.kind],
    spendParameters: spend === undefined ? [] : parametersOf(spend),
    spendLogLikelihood: spend?.logLikelihood ?? undefined,
    timeUnit: WIRE_UNIT[artefact.timeUnit],
    currency: artefact.currency,
    dataSha256: artefact.dataSha256,
    customerCount: BigInt(artefact.customerCount),
    transactionCount: BigInt(artefact.transactionCount),
    calibrationEnd: dayInstant(artefact.calibrationDay, artefact),
    createdAt: new Date(createdAtMs),
    labels: labels.map((label) => WIRE_LABEL[label]),
    warnings: [...artefact.warnings],
    frequencySpendCorrelation: spend?.frequencySpendCorrelation ?? undefined,
    fitDurationMs: artefact.fitDurationMs,
    ...backtestAnswer(artefact),
    drift: drift && driftAnswer(drift),
    artefactBytes: artefactBytes(artefact),
    spendLogCovariance: matrixOf(spend?.logCovariance ?? []),
    population: {
      meanRepeatPurchases: average.frequency,
      meanRecencyDays: daysOf(average.recency, artefact),
      meanAgeDays: daysOf(average.age, artefact),
      meanRepeatSpendMicros: roundHalfEven(average.spendMeanMicros),
    },
  };
}

type ForecastAnswer = Pick<
  wire.Model,
  'parameters' | 'logLikelihood' | 'isDropoutIdentified' | 'logCovariance' | 'acquisition' | 'onnx'
>;

/** What forecasts: a fitted model, or a graph that was brought. */
function forecastAnswer(artefact: ModelArtefact): ForecastAnswer {
  if (artefact.onnx !== undefined) {
    const onnx = onnxAnswer(artefact.onnx, artefact);
    const unfitted = { logLikelihood: undefined, isDropoutIdentified: undefined };
    return { ...unfitted, parameters: [], logCovariance: [], acquisition: undefined, onnx };
  }
  const { purchase, isDropoutIdentified, acquisition } = artefact;
  return {
    parameters: parametersOf(purchase),
    logLikelihood: purchase.logLikelihood,
    isDropoutIdentified,
    logCovariance: logCovariance(artefact)?.flat() ?? [],
    acquisition: acquisition && acquisitionAnswer(acquisition),
    onnx: undefined,
  };
}

function parametersOf(model: PurchaseModel | SpendModel): wire.ModelParameter[] {
  return model.parameterNames.map((name) => ({
    name,
    value: model.parameters[name] ?? NaN,
    standardError: model.standardErrors?.[name],
  }));
}

function backtestAnswer(
  artefact: ModelArtefact,
): Pick<wire.Model, 'backtest' | 'backtestBaseline'> {
  const { backtest } = artefact;
  if (backtest === undefined) return { backtest: undefined, backtestBaseline: undefined };
  return {
    backtest: metricsOf(backtest.model, artefact),
    backtestBaseline: { name: 'naive_rate', metrics: metricsOf(backtest.naive, artefact) },
  };
}

function metricsOf(scores: StoredScores, artefact: ModelArtefact): wire.BacktestMetrics {
  const { calibrationDay = 0, holdoutDay = 0 } = artefact.backtest ?? {};
  return {
    calibrationEnd: dayInstant(calibrationDay, artefact),
    holdoutEnd: dayInstant(holdoutDay, artefact),
    horizonDays: holdoutDay - calibrationDay,
    customerCount: BigInt(scores.customers),
    actualPurchases: scores.actual,
    predictedPurchases: scores.predicted,
    mae: scores.mae,
    rmse: scores.rmse,
    msle: scores.msle,
    bias: scores.bias ?? undefined,
    pearson: scores.pearson ?? undefined,
    spearman: scores.spearman ?? undefined,
    normalizedGini: scores.normalizedGini ?? undefined,
    decileMape: scores.decileMape ?? undefined,
    deciles: scores.deciles.map(([customers, predictedPurchases, actualPurchases], i) => ({
      decile: i + 1,
      customerCount: BigInt(customers),
      predictedPurchases,
      actualPurchases,
    })),
    actualSpendMicros: BigInt(scores.actualSpendMicros),
    predictedSpendMicros: BigInt(scores.predictedSpendMicros),
    currency: artefact.currency,
    intervals: undefined,
    isOfRevenue: artefact.backtest?.revenue !== undefined,
  };
}
