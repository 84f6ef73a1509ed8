import {
  acquiredSpendModel,
  Ensemble,
  quantilesOf,
  spendQuantilesOf,
  ValueModel,
  type AcquisitionAttributes,
  type AcquisitionPrior,
  type HorizonOptions,
  type LivingForecast,
  type ValuedCustomer,
  type ValueOptions,
} from '@kiki/clv';
import { roundHalfEven } from '@kiki/kernel';
import { alphaOf, LearnedAcquisition, type AppliedAcquisition } from './learned-acquisition.js';
import { LivingMemo } from './living-memo.js';
import { RowMemo } from './row-memo.js';
import type { FittedArtefact, TierBounds } from './model.js';
import { AcquiredCountLaws } from './acquired-count-laws.js';
import { countLaw, type CountLaw } from './predictive.js';

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

/** A value and what its model tells of it: a brought one knows no P(alive), and maybe revenue only. */
export interface PredictedValue {
  readonly valueMicros: number;
  readonly margin: number;
  readonly discountFactor: number;
  readonly expectedPurchases: number | undefined;
  readonly spendMicros: number | undefined;
  readonly aliveProbability: number | undefined;
  readonly purchasesIfAlive: number | undefined;
  readonly activeProbability: number | undefined;
}

/** The answer for one customer. */
export interface Prediction {
  readonly value: PredictedValue;
  readonly ltvMicros: bigint;
  readonly expectedSpendMicros: bigint | undefined;
  readonly tier: ValueTier;
  readonly fallbackReason: FallbackReason | undefined;
  /** How the customer came, where that is known and the model learned something of it. */
  readonly acquisition?: AppliedAcquisition;
  /** Where some were asked for; a brought graph has none. */
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
  /** Days in one unit of the customers' times. */
  readonly daysPerUnit: number;
  /** Undefined where nothing was learned of how customers came. */
  readonly acquisition: LearnedAcquisition | undefined;
  private readonly living: Living;
  /** By the options that tiers are measured with; undefined where those are asked for anyway. */
  private readonly standardLiving: Living | undefined;
  private counts: CountLaw | undefined;
  private acquiredCounts: AcquiredCountLaws | undefined;

  constructor(
    readonly artefact: FittedArtefact,
    readonly options: ValueOptions,
    /** Where all customers' statistics end, days since 1970-01-01. */
    readonly asOfDay: number = artefact.calibrationDay,
  ) {
    const { ensemble, purchase, spend, acquisition } = artefact;
    const forecaster = ensemble === undefined ? purchase : new Ensemble(ensemble, asOfDay);
    this.model = new ValueModel(forecaster, spend);
    this.daysPerUnit = this.model.purchases.daysPerUnit;
    this.acquisition =
      acquisition && new LearnedAcquisition(acquisition, this.model, alphaOf(purchase));
    this.living = this.livingWithin(options);
    const { horizonDays, annualDiscountRate } = artefact.standard;
    const isStandard =
      options.horizonDays === horizonDays && options.annualDiscountRate === annualDiscountRate;
    this.standardLiving = isStandard ? undefined : this.livingWithin(artefact.standard);
  }

  /** What an ensemble says of a living customer depends on recency too. */
  private livingWithin(options: HorizonOptions): Living {
    const { purchases } = this.model;
    return this.artefact.ensemble === undefined
      ? new LivingMemo(purchases, options, this.artefact.purchase)
      : new RowMemo(purchases, options);
  }

  /**
   * @param customer undefined for somebody unknown
   * @param attributes how they came; undefined where that is not known
   * @throws money_out_of_range
   */
  predict(customer: ValuedCustomer | undefined, attributes?: AcquisitionAttributes): Prediction {
    const prior = this.acquisition?.priorOf(attributes);
    return this.compute(customer ?? NEWCOMER, customer === undefined, prior);
  }

  /** The same with quantiles. @throws money_out_of_range */
  predictWith(
    customer: ValuedCustomer | undefined,
    levels: readonly number[],
    attributes?: AcquisitionAttributes,
  ): Prediction {
    const prediction = this.predict(customer, attributes);
    const prior = this.acquisition?.priorOf(attributes);
    const row = customer ?? NEWCOMER;
    const below = this.law(row, prior);
    const counts = quantilesOf(below, levels);
    const factor = this.options.margin * prediction.value.discountFactor;
    const spend = prior ? acquiredSpendModel(this.model.spend, prior.spend) : this.model.spend;
    const spender = { model: spend, customer: row };
    const money = spendQuantilesOf(below, spender, levels, factor);
    const quantiles = levels.map((level, i) => ({
      level,
      purchases: counts[i] ?? 0,
      ltvMicros: roundHalfEven(money[i] ?? 0),
    }));
    return { ...prediction, quantiles };
  }

  /** How a customer's purchases are distributed; made when quantiles are first asked for. */
  private law(row: ValuedCustomer, prior: AcquisitionPrior | undefined): readonly number[] {
    const { artefact, options, asOfDay } = this;
    const { horizonDays } = options;
    if (prior !== undefined) {
      this.acquiredCounts ??= new AcquiredCountLaws(artefact, horizonDays, asOfDay);
      return this.acquiredCounts.below(row, prior);
    }
    this.counts ??= countLaw(artefact.ensemble ?? artefact.purchase, horizonDays, asOfDay);
    return this.counts(row);
  }

  private compute(
    row: ValuedCustomer,
    isUnknown: boolean,
    prior: AcquisitionPrior | undefined,
  ): Prediction {
    const plain = this.model.valueFrom(row, this.living.of(row), this.options);
    const acquired =
      prior && this.acquisition?.values.of(plain, row, prior, this.options.horizonDays);
    const value = acquired?.value ?? plain;
    const isSpendUnknown = row.frequency > 0 && row.spendMeanMicros === undefined;
    const prediction: Prediction = {
      value,
      ltvMicros: roundHalfEven(value.valueMicros),
      expectedSpendMicros: roundHalfEven(value.spendMicros),
      tier: tierAmong(this.artefact.tiers, this.standardFrom(row, value, prior)),
      fallbackReason: isUnknown ? 'cold_start' : isSpendUnknown ? 'population_spend' : undefined,
    };
    if (prior === undefined || acquired === undefined) return prediction;
    return { ...prediction, acquisition: { attributes: prior.used, ...acquired.applied } };
  }

  /** The value within the standard options at margin 1, which tiers and drift are measured with. */
  standardMicros(
    row: ValuedCustomer,
    value: Pick<PredictedValue, 'valueMicros'>,
    attributes: AcquisitionAttributes | undefined,
  ): number {
    return this.standardFrom(row, value, this.acquisition?.priorOf(attributes));
  }

  private standardFrom(
    row: ValuedCustomer,
    value: Pick<PredictedValue, 'valueMicros'>,
    prior: AcquisitionPrior | undefined,
  ): number {
    if (this.standardLiving === undefined) return value.valueMicros / this.options.margin;
    const standard = this.model.valueFrom(row, this.standardLiving.of(row), { margin: 1 });
    const { horizonDays } = this.artefact.standard;
    const acquired = prior && this.acquisition?.values.of(standard, row, prior, horizonDays);
    return (acquired?.value ?? standard).valueMicros;
  }
}

/** The tier of a value within the standard options. */
export function tierAmong(tiers: TierBounds, micros: number): ValueTier {
  if (micros >= tiers.topMicros) return 'top';
  if (micros >= tiers.highMicros) return 'high';
  return micros >= tiers.mediumMicros ? 'medium' : 'low';
}
