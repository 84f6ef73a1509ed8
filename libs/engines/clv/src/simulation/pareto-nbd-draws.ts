import type { Random } from '@kiki/kernel';
import type { Observed } from '../models/purchase-kind.js';
import { powerIntegralValue } from '../numerics/power-integral.js';
import { gammaVariate, poissonVariate } from '../numerics/sampling.js';
import { inverted, lifetime, poissonHistory, type CustomerDraws } from './customer-draws.js';
import { four } from '../models/theta.js';

/** Pareto/NBD: a customer leaves after an exponential time. */
export const paretoNbdDraws: CustomerDraws = {
  newcomer(theta, random) {
    const [r, alpha, s, beta] = four(theta);
    return { rate: gammaVariate(random, r, alpha), dropout: gammaVariate(random, s, beta) };
  },

  history({ rate, dropout }, age, random) {
    return poissonHistory(rate, lifetime(dropout, age, random), random);
  },

  // Alive at T both rates have seen T without an end: two independent gamma posteriors.
  living(theta, { frequency: x, age }, random) {
    const [r, alpha, s, beta] = four(theta);
    const rate = gammaVariate(random, r + x, alpha + age);
    return { rate, dropout: gammaVariate(random, s, beta + age) };
  },

  // Given when the customer left, again two gamma posteriors.
  gone(theta, row, random) {
    const [r, alpha, s, beta] = four(theta);
    const left = timeOfLeaving(theta, row, random);
    const rate = gammaVariate(random, r + row.frequency, alpha + left);
    return { rate, dropout: gammaVariate(random, s + 1, beta + left) };
  },

  purchases({ rate, dropout }, horizon, random) {
    return poissonVariate(random, rate * lifetime(dropout, horizon, random));
  },
};

/** Density ∝ (α+τ)^−(r+x) (β+τ)^−(s+1) on (t_x, T]. */
function timeOfLeaving(theta: ArrayLike<number>, row: Observed, random: Random): number {
  const [r, a, s, b] = four(theta);
  const until = (to: number): number =>
    powerIntegralValue({ p: r + row.frequency, a, q: s + 1, b, from: row.recency, to });
  return inverted(until, random.nextDouble() * until(row.age), [row.recency, row.age]);
}
