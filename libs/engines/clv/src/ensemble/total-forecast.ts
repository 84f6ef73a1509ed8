import type { Observed } from '../models/purchase-kind.js';
import type { Ensemble } from './ensemble.js';
import { EnsembleDistribution } from './ensemble-distribution.js';
import { addWeighted, ParameterSensitivity } from './parameter-sensitivity.js';
import { totalQuantiles } from './total-law.js';

/** Customers who share their statistics. */
export interface SegmentRow extends Observed {
  /** @default 1 */
  readonly customers?: number;
}

/** The purchases of a whole segment within a horizon. */
export interface TotalForecast {
  readonly expected: number;
  /** Relative standard deviations, by where they come from. */
  readonly process: number;
  readonly parameters: number;
  readonly shock: number;
  readonly quantiles: readonly { readonly level: number; readonly purchases: number }[];
}

/** What of a segment is asked for. */
export interface TotalOptions {
  readonly horizonDays: number;
  /** Quantiles, in (0, 1). */
  readonly levels: readonly number[];
}

/**
 * The total of a segment around Σ E[X]: the process (independent between customers) a gamma, what all customers share,
 * the parameters (delta method on the calendar models, whose errors are taken to be perfectly correlated) and the
 * period's shock, a log-Student.
 */
export function forecastTotal(
  ensemble: Ensemble,
  rows: readonly SegmentRow[],
  options: TotalOptions,
): TotalForecast {
  const { horizonDays, levels } = options;
  const sensitivity = new ParameterSensitivity(ensemble, horizonDays);
  const sums = sensitivity.newSums();
  const distribution = new EnsembleDistribution(ensemble, horizonDays);
  let [expected, variance] = [0, 0];
  for (const row of rows) {
    const moments = distribution.moments(row);
    const customers = row.customers ?? 1;
    expected += customers * moments.mean;
    variance += customers * moments.variance;
    addWeighted(sums, sensitivity.of(row), customers);
  }
  const { scale: shock, degreesOfFreedom } = ensemble.model.shock;
  const process = expected > 0 ? Math.sqrt(variance) / expected : 0;
  const parameters = sensitivity.deviation(sums);
  const spread = { process, shared: Math.hypot(parameters, shock), degreesOfFreedom };
  const totals = totalQuantiles(expected, spread, levels);
  return {
    expected,
    process,
    parameters,
    shock,
    quantiles: levels.map((level, i) => ({ level, purchases: totals[i] ?? 0 })),
  };
}
