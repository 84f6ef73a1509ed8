import {
  DAYS_PER_YEAR,
  type Forecaster,
  type HorizonOptions,
  type LivingForecast,
  type PurchaseForecast,
} from '../forecast.js';
import { discountedPath } from '../models/discounted.js';
import type { Observed } from '../models/purchase-kind.js';
import { DAYS_PER_UNIT } from '../time-unit.js';
import { arithmeticBlend, expectations, geometricBlend, type TimedRow } from './blend.js';
import type { EnsembleModel } from './ensemble-model.js';
import { cumulative, quantiles, shortestRange, type CountMixture } from './count-distribution.js';
import { Member } from './member.js';
import { OperationalTime } from './operational-time.js';
import { seasonFactor } from './season.js';
import { timedRow } from './timed-rows.js';

/** What the next purchases of one customer may be. */
export interface CountQuantile {
  readonly level: number;
  /** Smallest count that is not exceeded with at least this probability. */
  readonly purchases: number;
}

/** P(alive) below this is not told from 0; what is expected of the living is divided by it. */
const LEAST_ALIVE = 1e-9;

/** The ensemble ready to be asked: pure and without state. Rows are of calendar time in the unit of the model. */
export class Ensemble implements Forecaster {
  private readonly anchors: readonly Member[];
  private readonly paced: readonly Member[];
  private readonly time: OperationalTime;
  readonly daysPerUnit: number;

  /** @param asOfDay where the statistics of all rows end, days since 1970-01-01 */
  constructor(
    readonly model: EnsembleModel,
    readonly asOfDay: number = model.calibrationDay,
  ) {
    this.anchors = model.anchors.map((member) => new Member(member));
    this.paced = model.paced.map((member) => new Member(member));
    this.time = new OperationalTime(model.tempo);
    this.daysPerUnit = DAYS_PER_UNIT[model.timeUnit];
  }

  /** Everything about one customer. */
  forecast(row: Observed, options: HorizonOptions): PurchaseForecast {
    return this.forecastFrom(row, this.ifAlive(row, options));
  }

  /** What is expected of a living customer; it also depends on recency, so it is nobody else's. */
  ifAlive(row: Observed, options: HorizonOptions): LivingForecast {
    const path = this.pathOf(row);
    const aliveProbability = this.aliveProbability(row);
    const mixture = this.mixtureOf(row, aliveProbability, path(options.horizonDays));
    const nothing = cumulative(mixture, 0)[0] ?? 1;
    return {
      purchasesIfAlive: mixture.meanIfAlive,
      discountFactor: this.discountFactor(row, path, options),
      activeIfAlive: (1 - nothing) / aliveProbability,
    };
  }

  /** The forecast of the customer of whom `living` was computed. */
  forecastFrom(row: Observed, living: LivingForecast): PurchaseForecast {
    const { purchasesIfAlive, discountFactor, activeIfAlive } = living;
    const aliveProbability = this.aliveProbability(row);
    return {
      aliveProbability,
      purchasesIfAlive,
      expectedPurchases: aliveProbability * purchasesIfAlive,
      discountFactor,
      activeProbability: aliveProbability * activeIfAlive,
    };
  }

  /** P(alive): the members' weighted mean, in operational time; kept above 0. */
  aliveProbability(row: Observed): number {
    const { paced } = this.timed(row);
    const each = this.paced.map((member) => member.aliveProbability(paced));
    return Math.max(LEAST_ALIVE, arithmeticBlend(each, this.model.weights));
  }

  /** E[purchases within `horizonDays` after `asOfDay`]. */
  expectedPurchases(row: Observed, horizonDays: number): number {
    return this.pathOf(row)(horizonDays);
  }

  /** Quantiles of a customer's purchases: process and period shock. `levels` ascending, in (0, 1). */
  quantiles(
    row: Observed,
    options: { readonly horizonDays: number; readonly levels: readonly number[] },
  ): CountQuantile[] {
    const mixture = this.mixture(row, options.horizonDays);
    const counts = quantiles(mixture, options.levels);
    return options.levels.map((level, i) => ({ level, purchases: counts[i] ?? 0 }));
  }

  /** The shortest range of counts that holds `level` of the probability. */
  interval(
    row: Observed,
    options: { readonly horizonDays: number; readonly level: number },
  ): { readonly low: number; readonly high: number } {
    const mixture = this.mixture(row, options.horizonDays);
    const [low, high] = shortestRange(mixture, options.level);
    return { low, high };
  }

  /** The distribution behind quantiles and intervals. */
  mixture(row: Observed, horizonDays: number): CountMixture {
    const expected = this.expectedPurchases(row, horizonDays);
    return this.mixtureOf(row, this.aliveProbability(row), expected);
  }

  /** What the calendar models expect, per member, with other parameters where given. */
  anchorExpectations(
    row: Observed,
    horizonDays: number,
    thetas?: readonly (readonly number[])[],
  ): number[] {
    const horizon = horizonDays / this.daysPerUnit;
    return this.anchors.map((member, k) => member.expected(row, horizon, thetas?.[k]));
  }

  /** E[purchases] as a function of days ahead: blend^γ scaled to the anchors' total, times level and season. */
  private pathOf(row: Observed): (days: number) => number {
    const { weights, slope, windowDays, calibrationDay, season } = this.model;
    const { paced } = this.timed(row);
    const blend = (days: number): number =>
      geometricBlend(expectations(this.paced, paced, days / this.daysPerUnit), weights);
    const tilt = blend(windowDays) ** (slope - 1);
    return (days) =>
      days <= 0
        ? 0
        : blend(days) *
          tilt *
          this.levelAt(days) *
          seasonFactor(season, this.asOfDay - calibrationDay, days);
  }

  /** Between the horizons of the fit the log of the level is linear in log days. */
  private levelAt(days: number): number {
    const { levels } = this.model;
    const after = levels.findIndex(([until]) => until >= days);
    const [last, next] = [levels[after - 1], levels[after]];
    if (next === undefined) return levels.at(-1)?.[1] ?? 1;
    if (last === undefined) return next[1];
    const share = Math.log(days / last[0]) / Math.log(next[0] / last[0]);
    return last[1] * (next[1] / last[1]) ** share;
  }

  private mixtureOf(row: Observed, aliveProbability: number, expected: number): CountMixture {
    const shapes = this.paced.map((member) => member.shape(row.frequency));
    const { scale, degreesOfFreedom: n } = this.model.shock;
    return {
      aliveProbability,
      meanIfAlive: expected / aliveProbability,
      shape: arithmeticBlend(shapes, this.model.weights),
      shockScale: scale * Math.sqrt(n / (n - 2)),
    };
  }

  private discountFactor(
    row: Observed,
    path: (days: number) => number,
    { horizonDays, annualDiscountRate }: HorizonOptions,
  ): number {
    const total = path(horizonDays);
    if (annualDiscountRate === 0 || !(total > 0)) return 1;
    const delta = Math.log1p(annualDiscountRate) / DAYS_PER_YEAR;
    // The place of the pole is that of the first member: any scale integrates right, this one fast.
    const scale = ((this.model.paced[0]?.theta[1] ?? 1) + row.age) * this.daysPerUnit;
    const area = discountedPath({ within: path, scale }, delta, horizonDays);
    return Math.min(1, Math.exp(-delta * horizonDays) + area / total);
  }

  private timed(row: Observed): TimedRow {
    return timedRow(row, this.time, { asOfDay: this.asOfDay, timeUnit: this.model.timeUnit });
  }
}
