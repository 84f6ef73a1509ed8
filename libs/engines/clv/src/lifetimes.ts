import { cumulative, type CountMixture } from './ensemble/count-distribution.js';

/** Lifetimes within a horizon that are told apart. */
const LIVES = 8;
/** Counts beyond this share of the probability are left to the last one. */
const NEGLIGIBLE = 1e-9;

/** How long a living customer stays within a horizon, and how likely. */
export interface Life {
  readonly weight: number;
  /** Relative to the mean of all. */
  readonly length: number;
}

/** The lifetimes of a living customer within a horizon. @param stays P(alive after this share of it), 1 at 0 */
export function livesWithin(stays: (share: number) => number): Life[] {
  const staying = Array.from({ length: LIVES + 1 }, (_, k) => (k === 0 ? 1 : stays(k / LIVES)));
  const lives = staying
    .map((stay, k) => ({
      weight: stay - (staying[k + 1] ?? 0),
      length: k === LIVES ? 1 : (k + 0.5) / LIVES,
    }))
    .filter(({ weight }) => weight > 0);
  const mean = lives.reduce((sum, { weight, length }) => sum + weight * length, 0);
  return lives.map(({ weight, length }) => ({ weight, length: length / mean }));
}

/**
 * P(N ≤ n) of a living customer who may leave within the horizon: negative binomial counts over the lifetimes, which
 * Pareto/NBD draws independently of the rates; their means add up to the mean that is given.
 */
export function countsOverLives(
  living: Omit<CountMixture, 'aliveProbability'>,
  lives: readonly Life[],
): number[] {
  const parts = lives.map(({ weight, length }) => {
    const meanIfAlive = living.meanIfAlive * length;
    const values = cumulative({ ...living, aliveProbability: 1, meanIfAlive }, 1 - NEGLIGIBLE);
    return { weight, values };
  });
  return mixed(parts);
}

/** Distribution functions of different lengths, weighted. */
export function mixed(
  parts: readonly { readonly weight: number; readonly values: readonly number[] }[],
): number[] {
  const length = Math.max(...parts.map(({ values }) => values.length));
  return Array.from({ length }, (_, n) =>
    parts.reduce((sum, { weight, values }) => sum + weight * (values[n] ?? 1), 0),
  );
}
