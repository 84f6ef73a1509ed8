import type { Random } from '@kiki/kernel';
import { betaVariate } from '../numerics/sampling.js';
import { groupDiscrete, type DiscreteRow } from './discrete-rows.js';
import type { SurvivorCounts } from './shifted-beta-geometric.js';

/** A cohort to simulate. */
export interface DiscreteCohort {
  readonly customers: number;
  /** Opportunities of each customer; periods of each subscriber. */
  readonly opportunities: number;
}

/**
 * Simulates BG/BB: p ~ beta(alpha, beta), θ ~ beta(gamma, delta); before each opportunity a customer drops out with
 * probability θ, then buys with probability p. Grouped.
 */
export function simulateBgBb(
  { alpha, beta, gamma, delta }: Readonly<Record<'alpha' | 'beta' | 'gamma' | 'delta', number>>,
  { customers, opportunities }: DiscreteCohort,
  random: Random,
): DiscreteRow[] {
  const rows = Array.from({ length: customers }, (): DiscreteRow => {
    const [p, theta] = [betaVariate(random, alpha, beta), betaVariate(random, gamma, delta)];
    let [frequency, recency] = [0, 0];
    for (let t = 1; t <= opportunities && random.nextDouble() >= theta; t++) {
      if (random.nextDouble() >= p) continue;
      frequency += 1;
      recency = t;
    }
    return { frequency, recency, opportunities, weight: 1 };
  });
  return groupDiscrete(rows);
}

/** Simulates a cohort of subscribers: θ ~ beta(alpha, beta), one decision to leave per period. */
export function simulateSubscriptions(
  { alpha, beta }: Readonly<Record<'alpha' | 'beta', number>>,
  { customers, opportunities }: DiscreteCohort,
  random: Random,
): SurvivorCounts {
  const survivors = new Array<number>(opportunities + 1).fill(0);
  for (let i = 0; i < customers; i++) {
    const theta = betaVariate(random, alpha, beta);
    let stayed = 0;
    while (stayed < opportunities && random.nextDouble() >= theta) stayed += 1;
    for (let t = 0; t <= stayed; t++) survivors[t] = (survivors[t] ?? 0) + 1;
  }
  return survivors;
}
