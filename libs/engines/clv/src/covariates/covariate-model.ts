import { invalid } from '../errors.js';
import type { PurchaseModel } from '../purchase-fit.js';

/** How a covariate acts. */
export interface CovariateEffect {
  readonly name: string;
  /** Log of the factor that one unit more puts on the rate. */
  readonly coefficient: number;
  /** Null where the data do not determine it. */
  readonly standardError: number | null;
}

/** A purchase model with static covariates: plain data. */
export interface CovariateModel {
  /** Of a customer whose covariates are all 0; `logLikelihood` is of the whole model. */
  readonly base: PurchaseModel;
  /** On the rate of purchases, λ ∝ e^(γ'z). */
  readonly purchaseEffects: readonly CovariateEffect[];
  /** On the rate of leaving, μ ∝ e^(δ'z); empty for NBD. */
  readonly dropoutEffects: readonly CovariateEffect[];
}

/** The model of a customer with these covariates, in the order of the fit: a plain purchase model. */
export function modelOfCustomer(model: CovariateModel, z: ArrayLike<number>): PurchaseModel {
  const { base, purchaseEffects, dropoutEffects } = model;
  if (z.length !== purchaseEffects.length) throw invalid('covariates', 'a value per covariate');
  const effect = (effects: readonly CovariateEffect[]): number =>
    effects.reduce((sum, { coefficient }, k) => sum + coefficient * (z[k] ?? NaN), 0);
  const { alpha = NaN, beta } = base.parameters;
  const scaled = { ...base.parameters, alpha: alpha * Math.exp(-effect(purchaseEffects)) };
  const parameters =
    beta === undefined ? scaled : { ...scaled, beta: beta * Math.exp(-effect(dropoutEffects)) };
  return { ...base, parameters, standardErrors: null, covariance: null };
}
