import { invalid } from '../errors.js';
import { logBeta, logGamma } from '../numerics/gamma.js';
import { betaExpectation } from '../numerics/logit-quadrature.js';
import type { DiscreteModel } from './discrete-fit.js';
import type { DiscreteObserved } from './discrete-rows.js';

/** A new customer, before the first opportunity. */
const NEW: DiscreteObserved = { frequency: 0, recency: 0, opportunities: 0 };

/**
 * Predictions of BG/BB (Fader, Hardie, Shang 2010): customers buy with probability p ~ beta(α, β) at each
 * opportunity and drop out before it with probability θ ~ beta(γ, δ). The beta-binomial is its case γ = 0.
 */
export class DiscreteForecaster {
  private readonly alpha: number;
  private readonly beta: number;
  private readonly gamma: number;
  private readonly delta: number;

  constructor(readonly model: Pick<DiscreteModel, 'kind' | 'parameters'>) {
    const { alpha = NaN, beta = NaN, gamma = 0, delta = 1 } = model.parameters;
    [this.alpha, this.beta, this.gamma, this.delta] = [alpha, beta, gamma, delta];
  }

  /**
   * P(alive at opportunity n + ahead | x, t_x, n); `ahead` 0 asks whether the customer was at the last one seen, 1
   * for the next one (which is what the literature tabulates).
   */
  aliveProbability(row: DiscreteObserved, ahead = 1): number {
    let probability = 1 / (1 + this.deadOdds(row));
    for (let k = 0; k < ahead; k++) probability *= this.stay(row.opportunities + k);
    return probability;
  }

  /** E[purchases in the next `horizon` opportunities | x, t_x, n], summed by opportunity. */
  expectedPurchases(row: DiscreteObserved, horizon: number): number {
    let [alive, opportunities] = [this.aliveProbability(row, 0), 0];
    for (let k = 0; k < horizon; k++) {
      alive *= this.stay(row.opportunities + k);
      opportunities += alive;
    }
    return this.purchaseProbability(row) * opportunities;
  }

  /** E[X(n)] of a new customer. */
  expectedNewPurchases(opportunities: number): number {
    return this.expectedPurchases(NEW, opportunities);
  }

  /** P(X(n) = x) of a new customer. */
  newPurchasesProbability(x: number, opportunities: number): number {
    if (x > opportunities) return 0;
    let sum = Math.exp(this.logCount(x, opportunities) + this.logAlive(opportunities));
    if (this.gamma === 0) return sum;
    const hazard = (m: number): number => Math.log(this.gamma / (this.gamma + this.delta + m));
    for (let m = x; m < opportunities; m++) {
      sum += Math.exp(this.logCount(x, m) + this.logAlive(m) + hazard(m));
    }
    return sum;
  }

  /**
   * DERT: Σ_{k≥1} P(buys at n + k) / (1+d)^k, the purchases still to come, each discounted from n by the rate d
   * per opportunity. With θ integrated last it is E[(1−θ)/(d+θ)] over the θ of those alive. Infinite for
   * d = 0 where γ ≤ 1. @throws clv_parameter_invalid
   */
  discountedResidual(row: DiscreteObserved, discountRate: number): number {
    if (!(discountRate >= 0)) throw invalid('discountRate', 'a number ≥ 0');
    const [a, b] = [this.gamma, this.delta + row.opportunities];
    const factor = this.aliveProbability(row, 0) * this.purchaseProbability(row);
    if (a === 0) return discountRate === 0 ? Infinity : factor / discountRate;
    if (discountRate === 0) return a > 1 ? (factor * b) / (a - 1) : Infinity;
    return factor * betaExpectation(a, b, (theta) => (1 - theta) / (discountRate + theta));
  }

  /** E[p | x, n, alive]. */
  private purchaseProbability({ frequency, opportunities }: DiscreteObserved): number {
    return (this.alpha + frequency) / (this.alpha + this.beta + opportunities);
  }

  /** P(alive at m + 1 | alive at m), θ unknown. */
  private stay(m: number): number {
    return (this.delta + m) / (this.gamma + this.delta + m);
  }

  /** P(dead) : P(alive) at n: the ways to have died after m = n−1 … t_x, each relative to being alive. */
  private deadOdds({ frequency: x, recency, opportunities: n }: DiscreteObserved): number {
    const { alpha, beta, gamma, delta } = this;
    let [term, sum] = [0, 0];
    for (let m = n - 1; m >= recency; m--) {
      const silent = (alpha + beta + m) / (beta + m - x);
      term =
        m === n - 1
          ? (silent * gamma) / (delta + m)
          : (term * silent * (gamma + delta + m + 1)) / (delta + m);
      sum += term;
    }
    return sum;
  }

  /** log of the beta-binomial probability of x purchases at m opportunities. */
  private logCount(x: number, m: number): number {
    const { alpha, beta } = this;
    const ways = logGamma(m + 1) - logGamma(x + 1) - logGamma(m - x + 1);
    return ways + logBeta(alpha + x, beta + m - x) - logBeta(alpha, beta);
  }

  /** log P(alive at m) of a new customer. */
  private logAlive(m: number): number {
    if (this.gamma === 0) return 0;
    return logBeta(this.gamma, this.delta + m) - logBeta(this.gamma, this.delta);
  }
}
