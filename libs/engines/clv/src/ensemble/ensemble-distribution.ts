import type { Observed } from '../models/purchase-kind.js';
import { purchaseKind } from '../models/index.js';
import { DAYS_PER_UNIT } from '../time-unit.js';
import { countsOverLives, livesWithin, type Life } from '../lifetimes.js';
import { processVariance } from './count-distribution.js';
import type { Ensemble } from './ensemble.js';
import { OperationalTime } from './operational-time.js';
import { timedRow } from './timed-rows.js';

/** How one customer's purchases within a horizon are distributed by an ensemble: process, parameters and period. */
export class EnsembleDistribution {
  private readonly time: OperationalTime;

  constructor(
    private readonly ensemble: Ensemble,
    private readonly horizonDays: number,
  ) {
    this.time = new OperationalTime(ensemble.model.tempo);
  }

  /**
   * P(N ≤ n) for n = 0, 1, … until hardly anything is left; `row` is in the unit of the model.
   * @param factor what the mean is multiplied with, e.g. for how a customer came
   */
  below(row: Observed, factor = 1): number[] {
    const mixture = this.ensemble.predictive(row, this.horizonDays);
    const { aliveProbability, meanIfAlive, ...rest } = mixture;
    const living = { ...rest, meanIfAlive: factor * meanIfAlive };
    return countsOverLives(living, this.lives(row)).map(
      (value) => 1 - aliveProbability + aliveProbability * value,
    );
  }

  /** Mean and variance of the purchases without the shock. */
  moments(row: Observed): { readonly mean: number; readonly variance: number } {
    const mixture = this.ensemble.mixture(row, this.horizonDays);
    const square = this.lives(row).reduce(
      (sum, { weight, length }) => sum + weight * length ** 2,
      0,
    );
    return {
      mean: mixture.aliveProbability * mixture.meanIfAlive,
      variance: processVariance(mixture, square),
    };
  }

  private lives(row: Observed): Life[] {
    const { model, asOfDay } = this.ensemble;
    const { paced } = timedRow(row, this.time, { asOfDay, timeUnit: model.timeUnit });
    const horizon = this.horizonDays / DAYS_PER_UNIT[model.timeUnit];
    return livesWithin((share) =>
      model.paced.reduce((sum, { kind, theta }, k) => {
        const stay = purchaseKind(kind).survivalIfAlive(theta, paced, horizon * share);
        return sum + (model.weights[k] ?? 0) * stay;
      }, 0),
    );
  }
}
