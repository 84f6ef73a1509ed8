import {
  PurchaseForecaster,
  type Forecaster,
  type HorizonOptions,
  type LivingForecast,
  type PurchaseForecast,
} from './forecast.js';
import type { Observed } from './models/purchase-kind.js';
import type { PurchaseModel } from './purchase-fit.js';
import { expectedSpendMicros, type SpendModel } from './spend-model.js';

/** A customer as a value is asked for; times in the unit of the purchase model. */
export interface ValuedCustomer extends Observed {
  /** Mean spend of the repeat purchases, micros; undefined when unknown. */
  readonly spendMeanMicros: number | undefined;
}

/** How a value is computed. */
export interface ValueOptions extends HorizonOptions {
  /** Share of revenue that is kept, above 0 and up to 1. */
  readonly margin: number;
}

/** A value and what it is the product of; unrounded. */
export interface CustomerValue extends PurchaseForecast {
  /** Expected spend per purchase, micros. */
  readonly spendMicros: number;
  readonly margin: number;
  /** aliveProbability × purchasesIfAlive × spendMicros × margin × discountFactor, micros. */
  readonly valueMicros: number;
}

/** Purchase and spend model together: what a customer is worth within a horizon. */
export class ValueModel {
  readonly purchases: Forecaster;

  /** @param purchases a fitted model, or a forecaster such as an ensemble */
  constructor(
    purchases: PurchaseModel | Forecaster,
    readonly spend: SpendModel,
  ) {
    this.purchases = 'ifAlive' in purchases ? purchases : new PurchaseForecaster(purchases);
  }

  /** The value of one customer; a new or unknown one has frequency, recency and age 0. */
  valueOf(customer: ValuedCustomer, options: ValueOptions): CustomerValue {
    return this.valueFrom(customer, this.purchases.ifAlive(customer, options), options);
  }

  /** The same when `living` is known, e.g. from another customer of this frequency and age. */
  valueFrom(
    customer: ValuedCustomer,
    living: LivingForecast,
    { margin }: Pick<ValueOptions, 'margin'>,
  ): CustomerValue {
    const forecast = this.purchases.forecastFrom(customer, living);
    const { aliveProbability, purchasesIfAlive, discountFactor } = forecast;
    const spendMicros = expectedSpendMicros(
      this.spend,
      customer.frequency,
      customer.spendMeanMicros,
    );
    return {
      aliveProbability,
      purchasesIfAlive,
      expectedPurchases: forecast.expectedPurchases,
      discountFactor,
      activeProbability: forecast.activeProbability,
      spendMicros,
      margin,
      valueMicros: aliveProbability * purchasesIfAlive * spendMicros * margin * discountFactor,
    };
  }
}
