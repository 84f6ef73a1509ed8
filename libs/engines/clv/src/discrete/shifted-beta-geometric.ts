import { errors, invalid } from '../errors.js';
import { maximize } from '../maximum-likelihood.js';
import { risingTable } from '../models/nbd.js';
import { logRising } from '../numerics/gamma.js';
import { betaExpectation } from '../numerics/logit-quadrature.js';
import type { FitWarning } from '../warning.js';
import {
  estimatedParameters,
  estimateWarnings,
  type EstimatedParameters,
} from '../estimated-parameters.js';

/**
 * Survivors of one cohort of subscribers: how many there were at its start and after each period. A cohort that is
 * younger has fewer entries.
 */
export type SurvivorCounts = readonly number[];

/** A fitted shifted-beta-geometric: churn probabilities θ ~ beta(alpha, beta), one decision per period. */
export interface SubscriptionModel extends EstimatedParameters {
  readonly kind: 'shifted_beta_geometric';
}

/** A fit and what there is to say about it. */
export interface SubscriptionFit {
  readonly model: SubscriptionModel;
  readonly warnings: readonly FitWarning[];
}

/** AIC: one more parameter must gain more than one unit of log-likelihood. */
const DIFFERENCE_GAIN = 1;

const STARTS = [
  [1, 1],
  [1, 4],
  [0.3, 1],
  [5, 20],
];

/**
 * Fits the shifted-beta-geometric (Fader, Hardie 2007, "How to Project Customer Retention", Journal of Interactive
 * Marketing 21:1) to one or more cohorts by maximum likelihood. A cohort without differences between people
 * (geometric) runs to a boundary, which a warning tells; the parameters then still give the right curves.
 * @throws clv_statistics_invalid, clv_not_enough_data
 */
export function fitSubscriptions(cohorts: readonly SurvivorCounts[]): SubscriptionFit {
  cohorts.forEach(checkCohort);
  const customers = cohorts.reduce((sum, counts) => sum + (counts[0] ?? 0), 0);
  const lost = cohorts.reduce((sum, counts) => sum + (counts[0] ?? 0) - (counts.at(-1) ?? 0), 0);
  if (customers < 10 || lost < 3) {
    throw errors.clv_not_enough_data(
      `${customers} subscribers, of whom ${lost} left; at least 10 and 3 are needed.`,
    );
  }
  const estimate = maximize({
    observations: customers,
    starts: STARTS,
    at: (theta, gradient) => subscriptionLogLikelihood(theta, cohorts, gradient),
  });
  const model: SubscriptionModel = {
    kind: 'shifted_beta_geometric',
    ...estimatedParameters(estimate, ['alpha', 'beta'], customers),
  };
  const warnings = estimateWarnings(estimate, model, 'the shifted-beta-geometric');
  if (model.logLikelihood - geometricLogLikelihood(cohorts) <= DIFFERENCE_GAIN) {
    const message = 'The subscribers show no differences: one churn rate for all fits as well.';
    warnings.unshift({ code: 'parameter_at_boundary', message });
  }
  return { model, warnings };
}

/** The greatest log-likelihood of one churn probability for all. */
function geometricLogLikelihood(cohorts: readonly SurvivorCounts[]): number {
  let [lost, stayed] = [0, 0];
  for (const counts of cohorts) {
    lost += (counts[0] ?? 0) - (counts.at(-1) ?? 0);
    for (const count of counts.slice(1)) stayed += count;
  }
  const churn = lost / (lost + stayed);
  return lost * Math.log(churn) + (stayed > 0 ? stayed * Math.log1p(-churn) : 0);
}

/**
 * log L = Σ_t lost_t · log P(T = t) + left · log S(n) with P(T = t) = B(α+1, β+t−1)/B(α, β) and S(t) =
 * B(α, β+t)/B(α, β); writes the gradient by (alpha, beta).
 */
export function subscriptionLogLikelihood(
  theta: ArrayLike<number>,
  cohorts: readonly SurvivorCounts[],
  gradient?: Float64Array,
): number {
  const [alpha = NaN, beta = NaN] = Array.from(theta);
  const longest = cohorts.reduce((max, counts) => Math.max(max, counts.length), 0);
  const [stay, all] = [risingTable(beta, longest), risingTable(alpha + beta, longest)];
  let [ll, dAlpha, dBeta] = [0, 0, 0];
  const add = (weight: number, stayed: number, decided: number): void => {
    const away = all.inverses[decided] ?? 0;
    ll += weight * ((stay.logs[stayed] ?? 0) - (all.logs[decided] ?? 0));
    dAlpha -= weight * away;
    dBeta += weight * ((stay.inverses[stayed] ?? 0) - away);
  };
  for (const counts of cohorts) {
    for (let t = 1; t < counts.length; t++) {
      const lost = (counts[t - 1] ?? 0) - (counts[t] ?? 0);
      add(lost, t - 1, t);
      ll += lost * Math.log(alpha);
      dAlpha += lost / alpha;
    }
    add(counts.at(-1) ?? 0, counts.length - 1, counts.length - 1);
  }
  gradient?.set([dAlpha, dBeta]);
  return ll;
}

/** Curves and lifetimes of a shifted-beta-geometric. Times are whole periods. */
export class SubscriptionForecaster {
  private readonly alpha: number;
  private readonly beta: number;

  constructor(model: Pick<SubscriptionModel, 'parameters'>) {
    const { alpha = NaN, beta = NaN } = model.parameters;
    [this.alpha, this.beta] = [alpha, beta];
  }

  /** S(t): share of a new cohort that is still there after `t` periods. */
  survival(t: number): number {
    return Math.exp(logRising(this.beta, t) - logRising(this.alpha + this.beta, t));
  }

  /** r_t = S(t)/S(t−1) = (β+t−1)/(α+β+t−1), t ≥ 1: it rises, because the quick ones leave first. */
  retention(t: number): number {
    return (this.beta + t - 1) / (this.alpha + this.beta + t - 1);
  }

  /** E[renewals still to come | stayed `age` periods] = (β+age)/(α−1); infinite where α ≤ 1. */
  expectedResidualLifetime(age: number): number {
    return this.alpha > 1 ? (this.beta + age) / (this.alpha - 1) : Infinity;
  }

  /** E[renewals in the next `periods` | stayed `age` periods]. */
  expectedRenewals(age: number, periods: number): number {
    let [staying, sum] = [1, 0];
    for (let k = 1; k <= periods; k++) {
      staying *= this.retention(age + k);
      sum += staying;
    }
    return sum;
  }

  /**
   * DERL: Σ_{k≥1} S(age+k)/S(age) / (1+d)^(k−1), the renewals to come valued just before the next one (Fader, Hardie
   * 2010, "Customer-Base Valuation in a Contractual Setting", Marketing Science 29:1), for a discount rate
   * d per period. @throws clv_parameter_invalid
   */
  discountedResidualLifetime(age: number, discountRate: number): number {
    if (!(discountRate >= 0)) throw invalid('discountRate', 'a number ≥ 0');
    if (discountRate === 0) return this.expectedResidualLifetime(age);
    const value = (theta: number): number =>
      ((1 - theta) * (1 + discountRate)) / (discountRate + theta);
    return betaExpectation(this.alpha, this.beta + age, value);
  }
}

function checkCohort(counts: SurvivorCounts): void {
  const isPossible =
    counts.length >= 2 &&
    counts.every(
      (count, t) => Number.isFinite(count) && count >= 0 && count <= (counts[t - 1] ?? Infinity),
    );
  if (isPossible) return;
  throw errors.clv_statistics_invalid(
    `Survivors ${counts.join(', ').slice(0, 200)}: expected at least two counts ≥ 0 that never rise.`,
  );
}
