import {
  betaVariate,
  gammaVariate,
  geometricVariate,
  orderStatistic,
  poissonVariate,
} from '../numerics/sampling.js';
import type { CustomerDraws } from './customer-draws.js';
import { four } from '../models/theta.js';

/**
 * BG/NBD (`dropsAtStart` 0) and MBG/NBD (1). A customer who drops out after the G-th purchase makes the smaller of G
 * and a Poisson number N; of N uniform times the last purchase is the smaller one's order statistic.
 */
export function betaGeometricDraws(dropsAtStart: 0 | 1): CustomerDraws {
  return {
    newcomer(theta, random) {
      const [r, alpha, a, b] = four(theta);
      return { rate: gammaVariate(random, r, alpha), dropout: betaVariate(random, a, b) };
    },

    history({ rate, dropout }, age, random) {
      const last = geometricVariate(random, dropout) - dropsAtStart;
      const possible = poissonVariate(random, rate * age);
      const frequency = Math.min(last, possible);
      if (frequency === 0) return { frequency, recency: 0 };
      return { frequency, recency: age * orderStatistic(random, frequency, possible) };
    },

    living(theta, { frequency: x, age }, random) {
      const [r, alpha, a, b] = four(theta);
      const rate = gammaVariate(random, r + x, alpha + age);
      return { rate, dropout: betaVariate(random, a, b + x + dropsAtStart) };
    },

    gone(theta, { frequency: x, recency }, random) {
      const [r, alpha, a, b] = four(theta);
      const rate = gammaVariate(random, r + x, alpha + recency);
      return { rate, dropout: betaVariate(random, a + 1, b + x + dropsAtStart - 1) };
    },

    purchases({ rate, dropout }, horizon, random) {
      const possible = poissonVariate(random, rate * horizon);
      return possible === 0 ? 0 : Math.min(possible, geometricVariate(random, dropout));
    },
  };
}
