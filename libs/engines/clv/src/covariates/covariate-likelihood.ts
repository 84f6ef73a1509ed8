import type { PurchaseKind } from '../models/purchase-kind.js';
import type { CovariateGroup } from './covariate-groups.js';

/** Models that take covariates, and the positions of the parameters that these scale. */
export const SCALED_PARAMETERS = { nbd: [1], pareto_nbd: [1, 3] } as const;

/** Models that take covariates. */
export type CovariateKind = keyof typeof SCALED_PARAMETERS;

/**
 * log-likelihood of a model whose α (and β) are divided by e^(γ'z) (and e^(δ'z)) per customer (Fader, Hardie 2007,
 * brucehardie.com note 019). `theta` holds the model's parameters, then e^γ, then e^δ: all positive, as the fit wants
 * them; the gradient is by these.
 */
export function covariateLikelihood(
  kind: PurchaseKind,
  scaled: readonly number[],
  groups: readonly CovariateGroup[],
) {
  const count = kind.parameterNames.length;
  const own = new Float64Array(count);
  const ownGradient = new Float64Array(count);
  return (theta: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    const logs = theta.map(Math.log);
    let total = 0;
    for (const { z, rows } of groups) {
      own.set(theta.subarray(0, count));
      scaled.forEach((position, block) => {
        const first = count + block * z.length;
        const effect = z.reduce((sum, value, k) => sum + value * (logs[first + k] ?? 0), 0);
        own[position] = (own[position] ?? NaN) * Math.exp(-effect);
      });
      total += kind.logLikelihood(own, rows, ownGradient);
      for (let j = 0; j < count; j++) {
        gradient[j] =
          (gradient[j] ?? 0) + ((ownGradient[j] ?? 0) * (own[j] ?? 0)) / (theta[j] ?? 1);
      }
      scaled.forEach((position, block) => {
        const byLog = (ownGradient[position] ?? 0) * (own[position] ?? 0);
        z.forEach((value, k) => {
          const at = count + block * z.length + k;
          gradient[at] = (gradient[at] ?? 0) - (byLog * value) / (theta[at] ?? 1);
        });
      });
    }
    return total;
  };
}
