import { DAYS_PER_UNIT } from '@kiki/clv';
import * as wire from '@kiki/contract-syncvalue';
import { roundHalfEven } from '@kiki/kernel';
import type { ScoredWindow } from '../../application/backtest-model.js';
import type { ExplainedCustomer } from '../../application/explain-customer.js';
import type { CustomerReport } from '../../application/get-customer.js';
import type { IngestReport } from '../../application/ingest-transactions.js';
import type { PredictionOutcome } from '../../application/predict-customers.js';
import type { Stamp } from '../../application/stamp.js';
import { dayInstant } from '../../domain/ledger-terms.js';
import { kindOf } from '../../domain/model.js';
import type { Prediction } from '../../domain/predictor.js';
import type { WindowScores } from '../../domain/scoring.js';
import { appliedAnswer } from './acquisition-answer.js';
import { WIRE_DRIFT, WIRE_FALLBACK, WIRE_KIND, WIRE_LABEL, WIRE_TIER, WIRE_UNIT } from './enums.js';
import { intervalsAnswer } from './interval-answer.js';
import { scoreAnswer, scoreStampAnswer } from './score-answer.js';

const MICROS = 1e6;

/** Where and how a prediction was made. */
interface Setting {
  readonly currency: string;
  readonly horizonDays: number;
  readonly asOf: Date;
}

export function predictionAnswer(prediction: Prediction, setting: Setting): wire.Prediction {
  const { value, ltvMicros, expectedSpendMicros, fallbackReason, tier } = prediction;
  return {
    expectedPurchases: value.expectedPurchases,
    aliveProbability: value.aliveProbability,
    ltvMicros,
    currency: setting.currency,
    expectedSpendMicros,
    fallbackReason:
      fallbackReason === undefined
        ? wire.FallbackReason.UNSPECIFIED
        : WIRE_FALLBACK[fallbackReason],
    horizonDays: setting.horizonDays,
    asOf: setting.asOf,
    quantiles: (prediction.quantiles ?? []).map(({ level, purchases, ltvMicros: micros }) => ({
      quantile: level,
      purchases,
      ltvMicros: micros,
    })),
    valueTier: WIRE_TIER[tier],
    activeProbability: value.activeProbability,
    acquisition: prediction.acquisition && appliedAnswer(prediction.acquisition),
  };
}

export function resultOf(outcome: PredictionOutcome, setting: Setting): wire.PredictionResult {
  if (outcome.prediction === undefined) {
    return { outcome: { $case: 'error', value: outcome.problem } };
  }
  const value = predictionAnswer(outcome.prediction, setting);
  return { outcome: { $case: 'prediction', value } };
}

export function stampAnswer(stamp: Stamp): wire.ModelStamp {
  const { version, artefact, drift } = stamp.model;
  return {
    modelVersion: version,
    kind: WIRE_KIND[kindOf(artefact)],
    labels: stamp.labels.map((label) => WIRE_LABEL[label]),
    calibrationEnd: dayInstant(artefact.calibrationDay, artefact),
    modelAgeSeconds: BigInt(stamp.ageSeconds),
    unseenDataSeconds: BigInt(stamp.unseenSeconds),
    isStale: stamp.isStale,
    timeUnit: WIRE_UNIT[artefact.timeUnit],
    currency: artefact.currency,
    driftLevel: drift && WIRE_DRIFT[drift.level],
    driftPsi: drift?.maxPsi,
  };
}

export function ingestAnswer(report: IngestReport): wire.IngestTransactionsResponse {
  return {
    receivedCount: BigInt(report.receivedCount),
    storedCount: BigInt(report.storedCount),
    duplicateCount: BigInt(report.duplicateCount),
    rejectedCount: BigInt(report.rejectedCount),
    errors: report.problems.map((problem) => ({
      ...problem,
      rowIndex: BigInt(problem.rowIndex),
    })),
    customerCount: BigInt(report.customerCount),
    isCustomerCountEstimated: report.isCustomerCountEstimated,
  };
}

export function explainAnswer(explained: ExplainedCustomer): wire.ExplainResponse {
  const { prediction, explanation, currency, stamp, sentence } = explained;
  const { value } = prediction;
  return {
    prediction: predictionAnswer(prediction, explained),
    explanation: {
      factors: {
        aliveProbability: value.aliveProbability,
        expectedPurchasesIfAlive: value.purchasesIfAlive,
        expectedPurchases: value.expectedPurchases,
        expectedSpend: value.spendMicros === undefined ? undefined : value.spendMicros / MICROS,
        expectedRevenue: revenueMicros(value) / MICROS,
        margin: value.margin,
        discountFactor: value.discountFactor,
        value: value.valueMicros / MICROS,
      },
      populationValue: explanation.populationMicros / MICROS,
      contributions: explanation.contributions.map(({ feature, deltaMicros }) => ({
        feature,
        valueDelta: deltaMicros / MICROS,
      })),
      sentence,
      currency,
    },
    model: stampAnswer(stamp),
  };
}

/** Undiscounted and before the margin, unrounded. */
function revenueMicros(value: Prediction['value']): number {
  const { expectedPurchases, spendMicros, valueMicros, margin, discountFactor } = value;
  if (expectedPurchases === undefined || spendMicros === undefined) {
    return valueMicros / (margin * discountFactor);
  }
  return expectedPurchases * spendMicros;
}

export function customerAnswer(report: CustomerReport): wire.GetCustomerResponse {
  const { customerId, history, terms, asOf, asOfDay } = report;
  const { frequency = 0, firstDay, lastDay, repeatMicros = 0, totalMicros = 0 } = history ?? {};
  const dayOf = (day: number | undefined): Date | undefined =>
    day === undefined ? undefined : dayInstant(day, terms);
  return {
    customer: {
      customerId,
      repeatPurchases: frequency,
      recencyDays: history === undefined ? 0 : history.lastDay - history.firstDay,
      ageDays: history === undefined ? 0 : asOfDay - history.firstDay,
      meanRepeatSpendMicros: frequency === 0 ? 0n : roundHalfEven(repeatMicros / frequency),
      totalSpendMicros: roundHalfEven(totalMicros),
      currency: terms.currency,
      firstPurchaseAt: dayOf(firstDay),
      lastPurchaseAt: dayOf(lastDay),
      asOf,
      transactionCount: report.transactionCount,
      refundCount: report.refundCount,
      score: report.score && scoreAnswer(report.score.row),
      scoreStamp: report.score && scoreStampAnswer(report.score.stamp),
      acquisition: report.acquisition && { attributes: { ...report.acquisition } },
    },
  };
}

export function windowAnswer(window: ScoredWindow, currency: string): wire.BacktestWindow {
  return {
    metrics: {
      ...metricsAnswer(window, window.model, currency),
      intervals: intervalsAnswer(window.intervals),
      scorePsi: window.scorePsi,
    },
    baselines: [{ name: 'naive_rate', metrics: metricsAnswer(window, window.naive, currency) }],
  };
}

function metricsAnswer(
  { calibrationEnd, holdoutEnd, horizonDays }: ScoredWindow,
  { scores, predictedSpendMicros, actualSpendMicros }: WindowScores,
  currency: string,
): wire.BacktestMetrics {
  return {
    calibrationEnd,
    holdoutEnd,
    horizonDays,
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
    deciles: scores.deciles.map((decile) => ({
      decile: decile.decile,
      customerCount: BigInt(decile.customers),
      predictedPurchases: decile.predicted,
      actualPurchases: decile.actual,
    })),
    actualSpendMicros: roundHalfEven(actualSpendMicros),
    predictedSpendMicros: roundHalfEven(predictedSpendMicros),
    currency,
    intervals: undefined,
    isOfRevenue: false,
  };
}

/** Times of the artefact are in its unit; the wire has days. */
export function daysOf(
  value: number,
  artefact: { readonly timeUnit: keyof typeof DAYS_PER_UNIT },
): number {
  return value * DAYS_PER_UNIT[artefact.timeUnit];
}
