import { expectedSpendMicros } from '../spend-model.js';
import type { CustomerValue, ValuedCustomer, ValueModel } from '../value.js';
import { acquiredSpendModel, fadedMultiplier, type AcquisitionPrior } from './acquisition-prior.js';

/** What acquisition did to a value. */
export interface AppliedPrior {
  /** On the purchases expected; faded by the customer's age. */
  readonly purchases: number;
  /** On the spend expected; faded by the customer's own spends. */
  readonly spend: number;
}

/** A value with how the customer came counted in. */
export interface AcquiredValue {
  readonly value: CustomerValue;
  readonly applied: AppliedPrior;
}

/** Counts acquisition into values of a model. P(alive) and the discount stay what they are. */
export class AcquiredValues {
  /** @param alpha scale of the purchase model's gamma rate, in its unit of time */
  constructor(
    private readonly model: ValueModel,
    private readonly alpha: number,
  ) {}

  /**
   * The value of a customer within `horizonDays`, from the one without acquisition. P(active): 1 − (1 − p)^w with the
   * exponent w that is exact for a gamma rate, never above the expected purchases.
   */
  of(
    value: CustomerValue,
    customer: ValuedCustomer,
    prior: AcquisitionPrior,
    horizonDays: number,
  ): AcquiredValue {
    const { aliveProbability, discountFactor, margin } = value;
    const applied = this.factors(customer, prior);
    const purchasesIfAlive = applied.purchases * value.purchasesIfAlive;
    const spendMicros = this.spendMicros(customer, prior);
    const expectedPurchases = aliveProbability * purchasesIfAlive;
    return {
      applied,
      value: {
        ...value,
        purchasesIfAlive,
        expectedPurchases,
        activeProbability: Math.min(
          expectedPurchases,
          this.activeProbability(value, customer, prior, horizonDays),
        ),
        spendMicros,
        valueMicros: aliveProbability * purchasesIfAlive * spendMicros * margin * discountFactor,
      },
    };
  }

  /** What the customer's expected purchases and spend are multiplied with. */
  factors(customer: ValuedCustomer, prior: AcquisitionPrior): AppliedPrior {
    const { frequency, age, spendMeanMicros } = customer;
    const plain = expectedSpendMicros(this.model.spend, frequency, spendMeanMicros);
    return {
      purchases: fadedMultiplier(prior.purchases, this.alpha, age),
      spend: plain > 0 ? this.spendMicros(customer, prior) / plain : prior.spend,
    };
  }

  private spendMicros(customer: ValuedCustomer, { spend }: AcquisitionPrior): number {
    const { frequency, spendMeanMicros } = customer;
    const model = acquiredSpendModel(this.model.spend, spend);
    return expectedSpendMicros(model, frequency, spendMeanMicros);
  }

  private activeProbability(
    { aliveProbability, activeProbability }: CustomerValue,
    { age }: ValuedCustomer,
    { purchases }: AcquisitionPrior,
    horizonDays: number,
  ): number {
    if (!(aliveProbability > 0)) return activeProbability;
    const horizon = horizonDays / this.model.purchases.daysPerUnit;
    const exponent =
      Math.log1p(horizon / (this.alpha / purchases + age)) /
      Math.log1p(horizon / (this.alpha + age));
    const idle = Math.max(0, 1 - activeProbability / aliveProbability);
    return aliveProbability * (1 - idle ** exponent);
  }
}
