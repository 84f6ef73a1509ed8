import {
  Ensemble,
  EnsembleDistribution,
  fitEnsemble,
  forecastTotal,
  plainModel,
  quantilesOf,
  rowOf,
  shortestRangeOf,
  type CustomerStatistics,
  type PurchaseLog,
} from '@kiki/clv';

/** One customer's forecast. */
export interface CustomerForecast {
  readonly expected: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** A forecast of everybody and of the total; intervals of 90 %, absent where a contestant makes none. */
export interface Forecast {
  readonly customers: readonly CustomerForecast[];
  readonly total: { readonly low: number; readonly high: number } | undefined;
  readonly fitMs: number;
}

/** Somebody who forecasts from a log that ends with the calibration. */
export interface Contestant {
  readonly name: string;
  forecast(log: PurchaseLog, horizonDays: number): Forecast;
}

/** Share of the probability that intervals hold. */
export const LEVEL = 0.9;

/** Ours, the two published models with the intervals that process and parameters make, and the past rate. */
export const CONTESTANTS: readonly Contestant[] = [
  { name: 'ensemble', forecast: (log, days) => byModel(() => fitEnsemble(log), log, days) },
  {
    name: 'Pareto/NBD',
    forecast: (log, days) => byModel(() => plainModel(log, 'pareto_nbd'), log, days),
  },
  { name: 'BG/NBD', forecast: (log, days) => byModel(() => plainModel(log, 'bg_nbd'), log, days) },
  { name: 'naive', forecast: naive },
];

function byModel(
  fit: () => ReturnType<typeof fitEnsemble>,
  log: PurchaseLog,
  horizonDays: number,
): Forecast {
  const startedMs = performance.now();
  const ensemble = new Ensemble(fit());
  const fitMs = performance.now() - startedMs;
  const rows = rowsOf(log);
  const tail = (1 - LEVEL) / 2;
  const [low, high] = forecastTotal(ensemble, rows, {
    horizonDays,
    levels: [tail, 1 - tail],
  }).quantiles;
  const distribution = new EnsembleDistribution(ensemble, horizonDays);
  const customers = rows.map((row) => {
    const below = distribution.below(row);
    const [from, to] = shortestRangeOf(below, LEVEL);
    const expected = ensemble.expectedPurchases(row, horizonDays);
    return { expected, median: quantilesOf(below, [0.5])[0] ?? 0, low: from, high: to };
  });
  return { customers, total: { low: low?.purchases ?? 0, high: high?.purchases ?? 0 }, fitMs };
}

/** x / T goes on. */
function naive(log: PurchaseLog, horizonDays: number): Forecast {
  const customers = rowsOf(log).map(({ frequency, age }) => {
    const expected = age > 0 ? (frequency / age) * (horizonDays / 7) : 0;
    return { expected, median: Math.round(expected), low: NaN, high: NaN };
  });
  return { customers, total: undefined, fitMs: 0 };
}

function rowsOf(log: PurchaseLog): CustomerStatistics[] {
  const table = log.table('week');
  return table.customerIds.map((_, i) => rowOf(table, i));
}
