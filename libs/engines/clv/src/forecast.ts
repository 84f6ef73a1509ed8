import { invalid } from './errors.js';
import { discountedPath } from './models/discounted.js';
import { purchaseKind } from './models/index.js';
import type { Observed, PurchaseKind } from './models/purchase-kind.js';
import type { PurchaseModel } from './purchase-fit.js';
import { DAYS_PER_UNIT } from './time-unit.js';

/**
 * What is expected of one customer within a horizon. Probabilities lie in [0, 1]; purchases are days with a
 * purchase.
 */
export interface PurchaseForecast {
  /** P(alive) at the end of observation. */
  readonly aliveProbability: number;
  /** E[purchases | alive]. */
  readonly purchasesIfAlive: number;
  /** E[purchases] = aliveProbability × purchasesIfAlive. */
  readonly expectedPurchases: number;
  /** Discounted over undiscounted purchases, in (0, 1]. */
  readonly discountFactor: number;
  /** P(at least one purchase within the horizon). */
  readonly activeProbability: number;
}

/** The part of a forecast that does not depend on when the last purchase was. */
export interface LivingForecast {
  /** E[purchases | alive]. */
  readonly purchasesIfAlive: number;
  /** Discounted over undiscounted purchases, in (0, 1]. */
  readonly discountFactor: number;
  /** P(at least one purchase within the horizon | alive). */
  readonly activeIfAlive: number;
  /** P(alive) of the customer, where what is expected of the living had to be computed with it. */
  readonly aliveProbability?: number;
}

/** Both parts of a forecast put together. */
export function forecastOf(
  aliveProbability: number,
  { purchasesIfAlive, discountFactor, activeIfAlive }: LivingForecast,
): PurchaseForecast {
  return {
    aliveProbability,
    purchasesIfAlive,
    expectedPurchases: aliveProbability * purchasesIfAlive,
    discountFactor,
    activeProbability: aliveProbability * activeIfAlive,
  };
}

/** How far to look, and what a later purchase is worth today. */
export interface HorizonOptions {
  /** Days ahead, > 0. */
  readonly horizonDays: number;
  /** Yearly rate of discount d: a purchase t years ahead counts (1+d)^−t. 0 = none. */
  readonly annualDiscountRate: number;
}

/** Days of the year that discount rates are per. */
export const DAYS_PER_YEAR = 365.25;

/** Whatever forecasts one customer's purchases: a published model or an ensemble of them. */
export interface Forecaster {
  /** Days in one unit of the rows' times. */
  readonly daysPerUnit: number;
  /** What is expected of a living customer: the costly part. */
  ifAlive(row: Observed, options: HorizonOptions): LivingForecast;
  /** The forecast of a customer whose `living` is known. */
  forecastFrom(row: Observed, living: LivingForecast): PurchaseForecast;
}

/** A purchase model ready to be asked: pure and without state. */
export class PurchaseForecaster implements Forecaster {
  private readonly kind: PurchaseKind;
  private readonly theta: Float64Array;
  /** Days in one unit of the model. */
  readonly daysPerUnit: number;

  constructor(readonly model: PurchaseModel) {
    this.kind = purchaseKind(model.kind);
    this.theta = Float64Array.from(model.parameterNames, (name) => model.parameters[name] ?? NaN);
    this.daysPerUnit = DAYS_PER_UNIT[model.timeUnit];
  }

  /** Everything about one customer; `row` is in the unit of the model. */
  forecast(row: Observed, options: HorizonOptions): PurchaseForecast {
    return this.forecastFrom(row, this.ifAlive(row, options));
  }

  /**
   * What is expected of a living customer. It depends on frequency and age alone, so that it can be kept for all
   * customers who share them: this is where the time goes.
   */
  ifAlive(row: Observed, options: HorizonOptions): LivingForecast {
    const horizon = options.horizonDays / this.daysPerUnit;
    const purchasesIfAlive = this.kind.purchasesIfAlive(this.theta, row, horizon);
    return {
      purchasesIfAlive,
      discountFactor: this.discountFactor(row, purchasesIfAlive, options),
      activeIfAlive: this.kind.activeIfAlive(this.theta, row, horizon),
    };
  }

  /** The forecast of a customer of whose frequency and age `living` was computed. */
  forecastFrom(row: Observed, living: LivingForecast): PurchaseForecast {
    return forecastOf(this.kind.pAlive(this.theta, row), living);
  }

  /** P(alive) now. */
  aliveProbability(row: Observed): number {
    return this.kind.pAlive(this.theta, row);
  }

  /** P(alive) in `ahead` units of the model from now. */
  aliveProbabilityAt(row: Observed, ahead: number): number {
    return this.kind.pAlive(this.theta, row) * this.kind.survivalIfAlive(this.theta, row, ahead);
  }

  /** E[purchases in the next `horizon` units], with P(alive) in it. */
  expectedPurchases(row: Observed, horizon: number): number {
    const ifAlive = this.kind.purchasesIfAlive(this.theta, row, horizon);
    return this.kind.pAlive(this.theta, row) * ifAlive;
  }

  /** E[repeat purchases of a new customer within `t` units]. */
  expectedNewPurchases(t: number): number {
    return this.kind.expectedPurchases(this.theta, t);
  }

  /** P(a new customer makes exactly n repeat purchases within `t` units). */
  newPurchasesProbability(n: number, t: number): number {
    return this.kind.pmf(this.theta, n, t);
  }

  /**
   * DERT: all purchases still to come, however late, each discounted from when it is expected; P(alive) in it.
   * `annualDiscountRate` > 0, as in {@link HorizonOptions}. @throws clv_parameter_invalid
   */
  discountedResidual(row: Observed, annualDiscountRate: number): number {
    if (!(annualDiscountRate > 0)) throw invalid('annualDiscountRate', 'a number > 0');
    const ifAlive = this.kind.residualIfAlive(this.theta, row, this.deltaOf(annualDiscountRate));
    return this.kind.pAlive(this.theta, row) * ifAlive;
  }

  /** Discounted over undiscounted purchases of the horizon, `total`. */
  private discountFactor(row: Observed, total: number, options: HorizonOptions): number {
    const { horizonDays, annualDiscountRate } = options;
    if (annualDiscountRate === 0 || !(total > 0)) return 1;
    const delta = this.deltaOf(annualDiscountRate);
    const horizon = horizonDays / this.daysPerUnit;
    const within = (s: number): number => this.kind.purchasesIfAlive(this.theta, row, s);
    const scale = this.kind.timeScale(this.theta) + row.age;
    const area = discountedPath({ within, scale }, delta, horizon);
    return Math.min(1, Math.exp(-delta * horizon) + area / total);
  }

  /** The yearly rate of discount as a continuous one per unit of time of the model. */
  private deltaOf(annualDiscountRate: number): number {
    return (Math.log1p(annualDiscountRate) / DAYS_PER_YEAR) * this.daysPerUnit;
  }
}
