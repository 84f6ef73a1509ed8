import type { PurchaseModel } from '../purchase-fit.js';
import type { SpendModel } from '../spend-model.js';
import type { AcquisitionAttributes } from './attributes.js';
import type { AcquisitionModel } from './acquisition-model.js';

/** What is known of a customer from how they came. */
export interface AcquisitionPrior {
  /** On a newcomer's expected purchases. */
  readonly purchases: number;
  /** On a newcomer's expected spend per purchase. */
  readonly spend: number;
  /** The attributes that say so. */
  readonly used: AcquisitionAttributes;
}

/** Products of effects stay within these: beyond them no shop has seen enough customers. */
const LEAST = 0.05;
const MOST = 20;

interface Multipliers {
  readonly purchases: number;
  readonly spend: number;
}

/** The effects of a model, ready to be looked up. */
export class AcquisitionPriors {
  private readonly effects = new Map<string, Multipliers>();

  constructor(model: AcquisitionModel) {
    for (const [name, value, , purchases, spend] of model.effects) {
      this.effects.set(`${name}\0${value}`, { purchases, spend });
    }
  }

  /** Undefined where nothing was learned of any of the attributes: then the population answers. */
  of(attributes: AcquisitionAttributes): AcquisitionPrior | undefined {
    const known = Object.entries(attributes)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, value]) => {
        const effect = this.effects.get(`${name}\0${value}`);
        return effect === undefined ? [] : [{ name, value, ...effect }];
      });
    if (known.length === 0) return undefined;
    const product = (of: keyof Multipliers): number =>
      Math.min(
        MOST,
        Math.max(
          LEAST,
          known.reduce((all, effect) => all * effect[of], 1),
        ),
      );
    return {
      purchases: product('purchases'),
      spend: product('spend'),
      used: Object.fromEntries(known.map(({ name, value }) => [name, value])),
    };
  }
}

/**
 * What the expected rate of a customer of this age is multiplied with: m(α + T)/(α + mT), the ratio of the posterior
 * means (r + x)/(α/m + T) and (r + x)/(α + T) of a gamma rate that acquisition scales by m. It is m for a newcomer and
 * 1 for whom the model has long known, however many purchases.
 * @param alpha of the purchase model, in the unit of `age`
 */
export function fadedMultiplier(multiplier: number, alpha: number, age: number): number {
  return multiplier * ((alpha + age) / (alpha + multiplier * age));
}

/** The purchase model of customers who buy `multiplier` times as fast: the scale α of their rates is divided by it. */
export function acquiredPurchaseModel(model: PurchaseModel, multiplier: number): PurchaseModel {
  const at = model.parameterNames.indexOf('alpha');
  const factor = (k: number): number => (k === at ? 1 / multiplier : 1);
  const { alpha = NaN } = model.parameters;
  const errors = model.standardErrors;
  return {
    ...model,
    parameters: { ...model.parameters, alpha: alpha / multiplier },
    standardErrors: errors && { ...errors, alpha: (errors['alpha'] ?? NaN) / multiplier },
    covariance:
      model.covariance &&
      model.covariance.map((row, i) => row.map((value, j) => value * factor(i) * factor(j))),
  };
}

/**
 * The spend model of customers who spend `multiplier` times as much: Gamma-Gamma's v scales, so that an own history of
 * spends outweighs it as it outweighs the population.
 */
export function acquiredSpendModel(model: SpendModel, multiplier: number): SpendModel {
  const { v } = model.parameters;
  return {
    ...model,
    ...(v !== undefined && { parameters: { ...model.parameters, v: v * multiplier } }),
    populationMeanMicros: model.populationMeanMicros * multiplier,
  };
}
