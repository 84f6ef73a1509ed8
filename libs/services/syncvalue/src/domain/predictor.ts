import {
  Ensemble,
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

/** The answer for one customer. */
export interface Prediction {
  readonly value: CustomerValue;
  readonly ltvMicros: bigint;
  readonly expectedSpendMicros: bigint;
  readonly tier: ValueTier;
  readonly fallbackReason: FallbackReason | undefined;
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
    const forecaster = ensemble === undefined ? purchase : new Ensemble(ensemble, asOfDay);
    this.model = new ValueModel(forecaster, spend);
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
