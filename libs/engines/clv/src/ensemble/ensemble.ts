import {
  forecastOf,
  type Forecaster,
  type HorizonOptions,
  type LivingForecast,
  type PurchaseForecast,
} from '../forecast.js';
import type { Observed } from '../models/purchase-kind.js';
import { DAYS_PER_UNIT } from '../time-unit.js';
import { arithmeticBlend } from './blend.js';
import {
  activeIfAlive,
  quantiles,
  shortestRange,
  type CountMixture,
} from './count-distribution.js';
import { dispersedShape } from './dispersion.js';
import type { EnsembleModel } from './ensemble-model.js';
import { Member } from './member.js';
import { OperationalTime } from './operational-time.js';
import { ParameterSensitivity } from './parameter-sensitivity.js';
import { Outlook, type Expected } from './outlook.js';
import { seasonChanges, seasonIndex } from './season.js';
import { timedRow } from './timed-rows.js';

/** What the next purchases of one customer may be. */
export interface CountQuantile {
  readonly level: number;
  /** Smallest count that is not exceeded with at least this probability. */
  readonly purchases: number;
}

/** P(alive) below this is not told from 0; what is expected of the living is divided by it. */
const LEAST_ALIVE = 1e-9;
/** Horizons and rates whose shared work is kept. */
const MAX_OUTLOOKS = 4;

/** What is expected of a customer, and whether alive. */
interface Outcome extends Expected {
  readonly aliveProbability: number;
}

/** The ensemble ready to be asked: the same answers in any order. Rows are of calendar time, in its unit. */
export class Ensemble implements Forecaster {
  private readonly anchors: readonly Member[];
  private readonly paced: readonly Member[];
  private readonly time: OperationalTime;
  /** The latest last. */
  private readonly outlooks: Outlook[] = [];
  /** Of the horizon asked for last. */
  private sensitivity: ParameterSensitivity | undefined;
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
    const outcome = this.outcome(row, options);
    const { aliveProbability, discountFactor } = outcome;
    const mixture = this.mixtureOf(row, outcome);
    return {
      purchasesIfAlive: mixture.meanIfAlive,
      discountFactor,
      activeIfAlive: activeIfAlive(mixture),
      aliveProbability,
    };
  }

  /** The forecast of the customer of whom `living` was computed. */
  forecastFrom(row: Observed, living: LivingForecast): PurchaseForecast {
    return forecastOf(living.aliveProbability ?? this.aliveProbability(row), living);
  }

  /** P(alive): the members' weighted mean, in operational time; kept above 0. */
  aliveProbability(row: Observed): number {
    return this.blendAlive(this.aliveOf(this.timed(row)));
  }

  /** E[purchases within `horizonDays` after `asOfDay`]. */
  expectedPurchases(row: Observed, horizonDays: number): number {
    return this.outcome(row, { horizonDays, annualDiscountRate: 0 }).purchases;
  }

  /** Quantiles of a customer's purchases: process, parameters and period. `levels` ascending, in (0, 1). */
  quantiles(
    row: Observed,
    options: { readonly horizonDays: number; readonly levels: readonly number[] },
  ): CountQuantile[] {
    const mixture = this.predictive(row, options.horizonDays);
    const counts = quantiles(mixture, options.levels);
    return options.levels.map((level, i) => ({ level, purchases: counts[i] ?? 0 }));
  }

  /** The shortest range of counts that holds `level` of the probability. */
  interval(
    row: Observed,
    options: { readonly horizonDays: number; readonly level: number },
  ): { readonly low: number; readonly high: number } {
    const mixture = this.predictive(row, options.horizonDays);
    const [low, high] = shortestRange(mixture, options.level);
    return { low, high };
  }

  /** How a customer's purchases are distributed by the process and the period's shock. */
  mixture(row: Observed, horizonDays: number): CountMixture {
    return this.mixtureOf(row, this.outcome(row, { horizonDays, annualDiscountRate: 0 }));
  }

  /** The distribution behind quantiles and intervals: the mixture with the uncertainty of the parameters too. */
  predictive(row: Observed, horizonDays: number): CountMixture {
    const mixture = this.mixture(row, horizonDays);
    if (this.sensitivity?.horizonDays !== horizonDays) {
      this.sensitivity = new ParameterSensitivity(this, horizonDays);
    }
    const parameters = this.sensitivity.deviation(this.sensitivity.of(row));
    return { ...mixture, shockScale: Math.hypot(mixture.shockScale, parameters) };
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

  private outcome(row: Observed, options: HorizonOptions): Outcome {
    const paced = this.timed(row);
    const alive = this.aliveOf(paced);
    const aliveProbability = this.blendAlive(alive);
    if (!(options.horizonDays > 0)) return { aliveProbability, purchases: 0, discountFactor: 1 };
    const { purchases, discountFactor } = this.outlook(options).of(alive, paced);
    return { aliveProbability, purchases, discountFactor };
  }

  private outlook(options: HorizonOptions): Outlook {
    const { horizonDays, annualDiscountRate } = options;
    for (const known of this.outlooks) {
      const { options: of } = known;
      const isSame = of.horizonDays === horizonDays && of.annualDiscountRate === annualDiscountRate;
      if (isSame) return known;
    }
    const { weights, slope, windowDays, calibrationDay, season, levels } = this.model;
    const fromDay = this.asOfDay - calibrationDay;
    const { paced: members, daysPerUnit } = this;
    const factor = (days: number): number =>
      this.levelAt(days) * season.level * seasonIndex(season, fromDay + days);
    const kinks = [...levels.map(([days]) => days), ...seasonChanges(season, fromDay, horizonDays)];
    const blending = { members, weights, slope, windowDays, daysPerUnit, factor, kinks };
    const outlook = new Outlook(blending, { horizonDays, annualDiscountRate });
    if (this.outlooks.length >= MAX_OUTLOOKS) this.outlooks.shift();
    this.outlooks.push(outlook);
    return outlook;
  }

  /** Behind the last horizon of the fit its level goes on. */
  private levelAt(days: number): number {
    const { levels } = this.model;
    return (levels.find(([until]) => until >= days) ?? levels.at(-1))?.[1] ?? 1;
  }

  private mixtureOf(row: Observed, { aliveProbability, purchases }: Outcome): CountMixture {
    const shapes = this.paced.map((member) => member.shape(row.frequency));
    const { shock, dispersion = 0 } = this.model;
    const { scale, degreesOfFreedom: n } = shock;
    return {
      aliveProbability,
      meanIfAlive: purchases / aliveProbability,
      shape: dispersedShape(arithmeticBlend(shapes, this.model.weights), dispersion),
      shockScale: scale * Math.sqrt(n / (n - 2)),
    };
  }

  /** By member, in operational time. */
  private aliveOf(paced: Observed): number[] {
    return this.paced.map((member) => member.aliveProbability(paced));
  }

  private blendAlive(alive: readonly number[]): number {
    return Math.max(LEAST_ALIVE, arithmeticBlend(alive, this.model.weights));
  }

  private timed(row: Observed): Observed {
    return timedRow(row, this.time, { asOfDay: this.asOfDay, timeUnit: this.model.timeUnit }).paced;
  }
}
