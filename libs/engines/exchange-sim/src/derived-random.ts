import { hash } from 'node:crypto';
import { SeededRandom } from '@kiki/kernel';

/**
 * The randomness of one thing (an opportunity, a notice) under one seed: the same whenever and in whatever order it is
 * asked for, so that concurrency cannot change what a simulation says.
 */
export function derivedRandom(seed: number, ...about: readonly string[]): SeededRandom {
  const digest = hash('sha256', JSON.stringify([seed, ...about]), 'buffer');
  return new SeededRandom(digest.readUInt32LE(0));
}

/** A standard normal number (Box and Muller, Ann. Math. Statist. 29, 1958). */
export function nextNormal(random: SeededRandom): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.nextDouble()));
  return radius * Math.cos(2 * Math.PI * random.nextDouble());
}

/** A lognormal number with the given median and the standard deviation of its logarithm. */
export function nextLognormal(random: SeededRandom, median: number, sigma: number): number {
  return median * Math.exp(sigma * nextNormal(random));
}
