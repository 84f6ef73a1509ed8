import type { Random } from '@kiki/kernel';
import type { Observed } from '../models/purchase-kind.js';
import {
  emptyGompertzMeans,
  gompertzIntegral,
  logGompertz,
} from '../numerics/gompertz-integral.js';
import { exponentialVariate, gammaVariate, poissonVariate } from '../numerics/sampling.js';
import { inverted, poissonHistory, type CustomerDraws, type Latents } from './customer-draws.js';

const { exp, log1p, min } = Math;

/** Gamma/Gompertz/NBD: the hazard of leaving, η b e^(bt) with η ~ gamma(s, beta), grows by b per unit of time. */
export const ggompertzNbdDraws: CustomerDraws = {
  newcomer: (theta, random) =>
    ggompertzNbdDraws.living(theta, { frequency: 0, recency: 0, age: 0 }, random),

  history: (latents, age, random) =>
    poissonHistory(latents.rate, lifetime(latents, age, random), random),

  // η has seen e^(bT) − 1 of its hazard without an end.
  living(theta, { frequency: x, age }, random) {
    const [r, alpha, b, s, beta] = five(theta);
    const rate = gammaVariate(random, r + x, alpha + age);
    return { rate, dropout: hazardAt(age, { b, shape: s, beta }, random), dropoutGrowth: b };
  },

  // Given when the customer left, one end more; the hazard is that at which it came.
  gone(theta, row, random) {
    const [r, alpha, b, s, beta] = five(theta);
    const left = timeOfLeaving(theta, row, random);
    const rate = gammaVariate(random, r + row.frequency, alpha + left);
    return { rate, dropout: hazardAt(left, { b, shape: s + 1, beta }, random), dropoutGrowth: b };
  },

  purchases: (latents, horizon, random) =>
    poissonVariate(random, latents.rate * lifetime(latents, horizon, random)),
};

interface Hazard {
  readonly b: number;
  readonly shape: number;
  readonly beta: number;
}

/** η b e^(bt) for η ~ gamma(shape, g(t)): b e^(bt) / g(t) times a gamma(shape, 1) variate. */
function hazardAt(t: number, { b, shape, beta }: Hazard, random: Random): number {
  return b * exp(b * t - logGompertz(b, beta, t)) * gammaVariate(random, shape, 1);
}

/** Time until the hazard that grows from `dropout` has summed up to an exponential variate, at most `until`. */
function lifetime(
  { dropout, dropoutGrowth: b = 0 }: Latents,
  until: number,
  random: Random,
): number {
  const sum = exponentialVariate(random, 1);
  return min(until, b > 0 ? log1p((b * sum) / dropout) / b : sum / dropout);
}

/** Density ∝ (α+τ)^−(r+x) e^(bτ) g(τ)^−(s+1) on (t_x, T]. */
function timeOfLeaving(theta: ArrayLike<number>, row: Observed, random: Random): number {
  const [r, a, b, s, beta] = five(theta);
  const means = emptyGompertzMeans();
  const powers = { a, p: r + row.frequency, b, beta, q: s + 1, growth: b, from: row.recency };
  const until = (to: number): number => {
    gompertzIntegral({ ...powers, to }, means);
    return means.logValue;
  };
  return inverted(until, until(row.age) + Math.log(random.nextDouble()), [row.recency, row.age]);
}

function five(theta: ArrayLike<number>): [number, number, number, number, number] {
  return [0, 1, 2, 3, 4].map((i) => theta[i] ?? NaN) as [number, number, number, number, number];
}
