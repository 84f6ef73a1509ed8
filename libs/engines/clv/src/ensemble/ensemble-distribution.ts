import type { Observed } from '../models/purchase-kind.js';
import { purchaseKind } from '../models/index.js';
import { DAYS_PER_UNIT } from '../time-unit.js';
import { countsOverLives } from '../lifetimes.js';
import type { Ensemble } from './ensemble.js';
import { OperationalTime } from './operational-time.js';
import { timedRow } from './timed-rows.js';

/** How one customer's purchases within a horizon are distributed by an ensemble: process and the period's shock. */
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
    const { model, asOfDay } = this.ensemble;
    const { aliveProbability, meanIfAlive, ...rest } = this.ensemble.mixture(row, this.horizonDays);
    const living = { ...rest, meanIfAlive: factor * meanIfAlive };
    const { paced } = timedRow(row, this.time, { asOfDay, timeUnit: model.timeUnit });
    const horizon = this.horizonDays / DAYS_PER_UNIT[model.timeUnit];
    const stays = (share: number): number =>
      model.paced.reduce((sum, { kind, theta }, k) => {
        const stay = purchaseKind(kind).survivalIfAlive(theta, paced, horizon * share);
        return sum + (model.weights[k] ?? 0) * stay;
      }, 0);
    return countsOverLives(living, stays).map(
      (value) => 1 - aliveProbability + aliveProbability * value,
    );
  }
}
