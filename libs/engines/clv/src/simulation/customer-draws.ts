import type { Random } from '@kiki/kernel';
import type { Observed } from '../models/purchase-kind.js';
import {
  exponentialVariate,
  gammaVariate,
  orderStatistic,
  poissonVariate,
} from '../numerics/sampling.js';

/** What a model supposes of one customer and nobody sees. */
export interface Latents {
  /** Purchases per unit of time while alive. */
  readonly rate: number;
  /** Chance to drop out per purchase (BG/NBD, MBG/NBD) or per unit of time (the others, now); 0 for NBD. */
  readonly dropout: number;
  /** Growth of the chance to drop out, per unit of time (Gamma/Gompertz/NBD). */
  readonly dropoutGrowth?: number;
}

/** Purchases after the first one, and when the last of them was. */
export interface SimulatedHistory {
  readonly frequency: number;
  readonly recency: number;
}

/** One model as a machine that makes customers. Each draw is exact. */
export interface CustomerDraws {
  /** Latents of a new customer. */
  newcomer(theta: ArrayLike<number>, random: Random): Latents;
  /** What a new customer with these latents does within `age`. */
  history(latents: Latents, age: number, random: Random): SimulatedHistory;
  /** Latents given the history and that the customer is alive. */
  living(theta: ArrayLike<number>, row: Observed, random: Random): Latents;
  /** Latents given the history and that the customer has left. */
  gone(theta: ArrayLike<number>, row: Observed, random: Random): Latents;
  /** Purchases within `horizon` of a customer who is alive at its start. */
  purchases(latents: Latents, horizon: number, random: Random): number;
}

/** NBD: nobody leaves. */
export const nbdDraws: CustomerDraws = {
  newcomer: (theta, random) => nbdDraws.living(theta, { frequency: 0, recency: 0, age: 0 }, random),

  history: ({ rate }, age, random) => poissonHistory(rate, age, random),

  living(theta, { frequency, age }, random) {
    const rate = gammaVariate(random, (theta[0] ?? NaN) + frequency, (theta[1] ?? NaN) + age);
    return { rate, dropout: 0 };
  },

  gone: (theta, row, random) => nbdDraws.living(theta, row, random),

  purchases: ({ rate }, horizon, random) => poissonVariate(random, rate * horizon),
};

/** Purchases of a Poisson process within `duration`; the last is the greatest of so many uniform times. */
export function poissonHistory(rate: number, duration: number, random: Random): SimulatedHistory {
  const frequency = poissonVariate(random, rate * duration);
  if (frequency === 0) return { frequency, recency: 0 };
  return { frequency, recency: duration * orderStatistic(random, frequency, frequency) };
}

/** The time that a customer with this rate of leaving stays, at most `until`. */
export function lifetime(dropout: number, until: number, random: Random): number {
  return Math.min(until, exponentialVariate(random, dropout));
}

/** Where a growing function reaches `target` between `low` and `high`, to the last bit. */
export function inverted(
  growing: (time: number) => number,
  target: number,
  [low, high]: readonly [number, number],
): number {
  let [below, above] = [low, high];
  for (let step = 0; step < 53; step++) {
    const middle = (below + above) / 2;
    if (growing(middle) < target) below = middle;
    else above = middle;
  }
  return above;
}
