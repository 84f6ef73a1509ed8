import {
  countQuantiles,
  Ensemble,
  spendQuantiles,
  ValueModel,
  type CustomerValue,
  type HorizonOptions,
  type LivingForecast,
  type ValuedCustomer,
  type ValueOptions,
} from '@kiki/clv';
import { roundHalfEven } from '@kiki/kernel';
import { LivingMemo } from './living-memo.js';
import type { ModelArtefact } from './model.js';

/** Where a customer stands among those the model was fitted to. */
export type ValueTier = 'low' | 'medium' | 'high' | 'top';

/** Why an answer is not the model's for exactly this customer. */
export type FallbackReason = 'cold_start' | 'population_spend';

/** One point of what a customer may do within the horizon. */
export interface PredictionQuantile {
  readonly level: number;
  readonly purchases: number;
  readonly ltvMicros: bigint;
}

/** The answer for one customer. */
export interface Prediction {
  readonly value: CustomerValue;
  readonly ltvMicros: bigint;
  readonly expectedSpendMicros: bigint;
  readonly tier: ValueTier;
  readonly fallbackReason: FallbackReason | undefined;
  /** Where some were asked for and the model has a predictive distribution. */
  readonly quantiles?: readonly PredictionQuantile[];
}

/** A customer nobody has seen: all that the model can say is what it says of a new one. */
export const NEWCOMER: ValuedCustomer = {
  frequency: 0,
  recency: 0,
  age: 0,
  spendMeanMicros: undefined,
};

interface Living {
  of(row: ValuedCustomer): LivingForecast;
}

/** One model with one set of options; made once and asked often. */
export class Predictor {
  readonly model: ValueModel;
  private readonly ensemble: Ensemble | undefined;
  private readonly living: Living;
  /** By the options that tiers are measured with; undefined where those are asked for anyway. */
  private readonly standardLiving: Living | undefined;

  constructor(
    readonly artefact: ModelArtefact,
    readonly options: ValueOptions,
    /** Where all customers' statistics end, days since 1970-01-01. */
    readonly asOfDay: number = artefact.calibrationDay,
  ) {
    const { ensemble, purchase, spend } = artefact;
    this.ensemble = ensemble && new Ensemble(ensemble, asOfDay);
    this.model = new ValueModel(this.ensemble ?? purchase, spend);
    this.living = this.livingWithin(options);
    const { horizonDays, annualDiscountRate } = artefact.standard;
    const isStandard =
      options.horizonDays === horizonDays && options.annualDiscountRate === annualDiscountRate;
    this.standardLiving = isStandard ? undefined : this.livingWithin(artefact.standard);
  }

  /** What an ensemble says of a living customer depends on recency too: nobody shares it. */
  private livingWithin(options: HorizonOptions): Living {
    const { purchases } = this.model;
    if (this.artefact.ensemble === undefined) {
      return new LivingMemo(purchases, options, this.artefact.purchase);
    }
    return { of: (row) => purchases.ifAlive(row, options) };
  }

  /** @param customer undefined for somebody unknown @throws money_out_of_range */
  predict(customer: ValuedCustomer | undefined): Prediction {
    return this.compute(customer ?? NEWCOMER, customer === undefined);
  }

  /** The same with quantiles; none where the model has no predictive distribution. @throws money_out_of_range */
  predictWith(customer: ValuedCustomer | undefined, levels: readonly number[]): Prediction {
    const prediction = this.predict(customer);
    if (this.ensemble === undefined) return prediction;
    const row = customer ?? NEWCOMER;
    const mixture = this.ensemble.mixture(row, this.options.horizonDays);
    const counts = countQuantiles(mixture, levels);
    const factor = this.options.margin * prediction.value.discountFactor;
    const money = spendQuantiles(
      mixture,
      { model: this.model.spend, customer: row },
      levels,
      factor,
    );
    const quantiles = levels.map((level, i) => ({
      level,
      purchases: counts[i] ?? 0,
      ltvMicros: roundHalfEven(money[i] ?? 0),
    }));
    return { ...prediction, quantiles };
  }

  private compute(row: ValuedCustomer, isUnknown: boolean): Prediction {
    const value = this.model.valueFrom(row, this.living.of(row), this.options);
    const isSpendUnknown = row.frequency > 0 && row.spendMeanMicros === undefined;
    return {
      value,
      ltvMicros: roundHalfEven(value.valueMicros),
      expectedSpendMicros: roundHalfEven(value.spendMicros),
      tier: this.tierOf(row, value),
      fallbackReason: isUnknown ? 'cold_start' : isSpendUnknown ? 'population_spend' : undefined,
    };
  }

  /** Tiers are measured with the standard options, whatever was asked for. */
  private tierOf(row: ValuedCustomer, value: CustomerValue): ValueTier {
    const { tiers } = this.artefact;
    const micros =
      this.standardLiving === undefined
        ? value.valueMicros / this.options.margin
        : this.model.valueFrom(row, this.standardLiving.of(row), { margin: 1 }).valueMicros;
    if (micros >= tiers.topMicros) return 'top';
    if (micros >= tiers.highMicros) return 'high';
    return micros >= tiers.mediumMicros ? 'medium' : 'low';
  }
}
