import type { Observed } from '../models/purchase-kind.js';
import type { Ensemble } from './ensemble.js';
import { processVariance } from './count-distribution.js';
import { studentQuantile } from './student-t.js';

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
 * The total of a segment: log-Student around Σ E[X], with the variances of the process (independent between
 * customers), of the parameters (delta method on the calendar models, whose errors are taken to be perfectly
 * correlated) and of the period's shock, which all customers share, added up.
 */
export function forecastTotal(
  ensemble: Ensemble,
  rows: readonly SegmentRow[],
  options: TotalOptions,
): TotalForecast {
  const { horizonDays, levels } = options;
  let [expected, variance] = [0, 0];
  for (const row of rows) {
    const mixture = ensemble.mixture(row, horizonDays);
    const customers = row.customers ?? 1;
    expected += customers * mixture.aliveProbability * mixture.meanIfAlive;
    variance += customers * processVariance(mixture);
  }
  const { scale: shock, degreesOfFreedom } = ensemble.model.shock;
  const process = expected > 0 ? Math.sqrt(variance) / expected : 0;
  const parameters = parameterDeviation(ensemble, rows, horizonDays);
  const scale = Math.hypot(process, parameters, shock);
  return {
    expected,
    process,
    parameters,
    shock,
    quantiles: levels.map((level) => ({
      level,
      purchases: expected * Math.exp(studentQuantile(level, degreesOfFreedom) * scale),
    })),
  };
}

const STEP = 1e-3;

/** Relative standard deviation of the anchors' total: √(gᵀCg) per member, g by central differences of log θ. */
function parameterDeviation(
  ensemble: Ensemble,
  rows: readonly SegmentRow[],
  horizonDays: number,
): number {
  const { anchors, weights } = ensemble.model;
  const totalsAt = (thetas: readonly (readonly number[])[]): number[] => {
    const totals = anchors.map(() => 0);
    for (const row of rows) {
      ensemble.anchorExpectations(row, horizonDays, thetas).forEach((value, k) => {
        totals[k] = (totals[k] ?? 0) + (row.customers ?? 1) * value;
      });
    }
    return totals;
  };
  const size = Math.max(...anchors.map(({ theta }) => theta.length));
  const gradients = anchors.map(() => new Array<number>(size).fill(0));
  for (let i = 0; i < size; i++) {
    const [up, down] = [STEP, -STEP].map((step) =>
      totalsAt(anchors.map(({ theta }) => moved(theta, i, step))),
    );
    anchors.forEach((_, k) => {
      const [high, low] = [up?.[k] ?? 1, down?.[k] ?? 1];
      const gradient = gradients[k];
      if (gradient !== undefined) gradient[i] = Math.log(high / low) / (2 * STEP);
    });
  }
  return anchors.reduce((sum, { logCovariance }, k) => {
    const g = gradients[k] ?? [];
    return sum + (weights[k] ?? 0) * Math.sqrt(Math.max(0, quadraticForm(logCovariance ?? [], g)));
  }, 0);
}

/** gᵀCg of a lower triangle. */
function quadraticForm(triangle: readonly number[], g: readonly number[]): number {
  let [sum, at] = [0, 0];
  for (let i = 0; at < triangle.length; i++) {
    for (let j = 0; j <= i; j++) {
      sum += (i === j ? 1 : 2) * (triangle[at++] ?? 0) * (g[i] ?? 0) * (g[j] ?? 0);
    }
  }
  return sum;
}

function moved(theta: readonly number[], index: number, step: number): number[] {
  return theta.map((value, i) => (i === index ? value * Math.exp(step) : value));
}
