import type { Observed } from '../models/purchase-kind.js';
import { deviationOf, logSlope, movedBy } from '../numerics/delta-method.js';
import type { Ensemble } from './ensemble.js';

/**
 * What errors of the calendar models' parameters do to a sum of expectations: √(gᵀCg) per model, g by central
 * differences of the log of the sum. Errors of the models are taken to be perfectly correlated.
 */
export class ParameterSensitivity {
  /** Each parameter a step up, then down, in every model at once. */
  private readonly moved: readonly (readonly (readonly number[])[])[];

  constructor(
    private readonly ensemble: Ensemble,
    readonly horizonDays: number,
  ) {
    const { anchors } = ensemble.model;
    const isKnown = anchors.some(({ logCovariance }) => logCovariance !== undefined);
    const size = isKnown ? Math.max(...anchors.map(({ theta }) => theta.length)) : 0;
    this.moved = Array.from({ length: size }, (_, i) =>
      ([1, -1] as const).map((way) => anchors.map(({ theta }) => movedBy(theta, i, way))),
    ).flat();
  }

  /** A sum of nobody yet. */
  newSums(): Float64Array {
    return new Float64Array(this.moved.length * this.ensemble.model.anchors.length);
  }

  /** What one customer brings with each set of parameters; to be added up with a weight. */
  of(row: Observed): Float64Array {
    const values = this.newSums();
    const models = this.ensemble.model.anchors.length;
    this.moved.forEach((thetas, set) => {
      values.set(this.ensemble.anchorExpectations(row, this.horizonDays, thetas), set * models);
    });
    return values;
  }

  /** Relative standard deviation of the sum; 0 where no model has a covariance. */
  deviation(sums: Float64Array): number {
    const { anchors, weights } = this.ensemble.model;
    return anchors.reduce((total, { logCovariance = [], theta }, k) => {
      const at = (set: number): number => sums[set * anchors.length + k] ?? 0;
      const gradient = theta.map((_, i) => logSlope(at(2 * i), at(2 * i + 1)));
      return total + (weights[k] ?? 0) * deviationOf(logCovariance, gradient);
    }, 0);
  }
}

/** Adds `weight` × values to sums. */
export function addWeighted(sums: Float64Array, values: Float64Array, weight: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + weight * (values[i] ?? 0);
}
