import { ValueModel, type CustomerValue, type ValuedCustomer, type ValueOptions } from '@kiki/clv';
import { roundHalfEven } from '@kiki/kernel';
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

/** One model with one set of options; equal customers are computed once. */
export class Predictor {
  readonly model: ValueModel;
  private readonly known = new Map<string, Prediction>();

  constructor(
    readonly artefact: ModelArtefact,
    readonly options: ValueOptions,
  ) {
    this.model = new ValueModel(artefact.purchase, artefact.spend);
  }

  /** @param customer undefined for somebody unknown @throws money_out_of_range */
  predict(customer: ValuedCustomer | undefined): Prediction {
    const row = customer ?? NEWCOMER;
    const key = `${row.frequency}/${row.recency}/${row.age}/${row.spendMeanMicros}/${customer === undefined}`;
    let found = this.known.get(key);
    if (found === undefined)
      this.known.set(key, (found = this.compute(row, customer === undefined)));
    return found;
  }

  private compute(row: ValuedCustomer, isUnknown: boolean): Prediction {
    const value = this.model.valueOf(row, this.options);
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
    const { standard, tiers } = this.artefact;
    const { horizonDays, annualDiscountRate, margin } = this.options;
    const isStandard =
      horizonDays === standard.horizonDays && annualDiscountRate === standard.annualDiscountRate;
    const micros = isStandard
      ? value.valueMicros / margin
      : this.model.valueOf(row, { ...standard, margin: 1 }).valueMicros;
    if (micros >= tiers.topMicros) return 'top';
    if (micros >= tiers.highMicros) return 'high';
    return micros >= tiers.mediumMicros ? 'medium' : 'low';
  }
}
