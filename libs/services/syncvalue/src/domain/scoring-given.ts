import {
  expectedSpendMicros,
  fitSpend,
  rowOf,
  scoreForecast,
  type CustomerTable,
  type ForecastScores,
  type SpendModelKind,
} from '@kiki/clv';
import type { OnnxOutputMeaning } from './onnx-declaration.js';
import type { ScoreOutcome, WindowScores } from './scoring.js';

/** A window whose forecast was made elsewhere, and what happened then. */
export interface GivenForecast {
  readonly table: CustomerTable;
  /** In units of the table. */
  readonly horizon: number;
  /** Per customer of the table: purchases, or revenue in units of the currency. */
  readonly outputs: Float64Array;
  readonly outputMeaning: OnnxOutputMeaning;
  readonly spendKind: SpendModelKind;
  readonly actualPurchases: Float64Array;
  readonly actualSpendMicros: Float64Array;
}

/** Scores of a given forecast: in purchases, or in units of the currency where it speaks of revenue. */
export interface GivenScores extends ScoreOutcome {
  /** Purchases in the order of the forecast, whatever it speaks of. */
  readonly purchases: Pick<ForecastScores, 'actual' | 'normalizedGini'> & {
    /** Purchases of each tenth of the customers. */
    readonly deciles: readonly number[];
  };
}

const MICROS = 1e6;

/** Scores a forecast as it is; money comes from spend models of the past of the window. */
export function scoreGiven(job: GivenForecast): GivenScores {
  const { table, horizon, outputs, actualPurchases, actualSpendMicros } = job;
  const ids = table.customerIds;
  const spend = fitSpend(table, job.spendKind).model;
  const spends = Float64Array.from(ids, (_, i) => {
    const { frequency, spendMeanMicros } = rowOf(table, i);
    return expectedSpendMicros(spend, frequency, spendMeanMicros);
  });
  const naive = Float64Array.from(ids, (_, i) => {
    const { frequency, age } = rowOf(table, i);
    return age > 0 ? (frequency / age) * horizon : 0;
  });
  const isMoney = job.outputMeaning === 'revenue';
  const moneyOf = (purchases: Float64Array): Float64Array =>
    purchases.map((count, i) => count * (spends[i] ?? 0));
  const revenueMicros = isMoney ? outputs.map((units) => units * MICROS) : moneyOf(outputs);
  const actual = isMoney ? actualSpendMicros.map((micros) => micros / MICROS) : actualPurchases;
  const scored = (forecast: Float64Array, micros: Float64Array): WindowScores => ({
    scores: scoreForecast(ids, forecast, actual),
    predictedSpendMicros: sum(micros),
    actualSpendMicros: sum(actualSpendMicros),
  });
  const naiveMicros = moneyOf(naive);
  const bought = scoreForecast(ids, outputs, actualPurchases);
  return {
    model: {
      ...scored(outputs, revenueMicros),
      spendGini: scoreForecast(ids, revenueMicros, actualSpendMicros).normalizedGini,
    },
    naive: scored(isMoney ? naiveMicros.map((micros) => micros / MICROS) : naive, naiveMicros),
    purchases: { ...bought, deciles: bought.deciles.map((decile) => decile.actual) },
  };
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
