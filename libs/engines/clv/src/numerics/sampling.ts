import type { Random } from '@kiki/kernel';
import { logGamma } from './gamma.js';

const { abs, ceil, exp, floor, log, log1p, min, sqrt } = Math;

/** A uniform double in (0, 1): never an end, so that its logarithm is finite. */
function open(random: Random): number {
  return (random.nextUint32() + 0.5) / 4_294_967_296;
}

/** A standard normal variate by Marsaglia's polar method. */
export function normalVariate(random: Random): number {
  for (;;) {
    const [u, v] = [2 * open(random) - 1, 2 * open(random) - 1];
    const square = u * u + v * v;
    if (square < 1 && square > 0) return u * sqrt((-2 * log(square)) / square);
  }
}

/** An exponential variate with the given rate. */
export function exponentialVariate(random: Random, rate: number): number {
  return -log(open(random)) / rate;
}

/**
 * log of a gamma(shape, 1) variate (Marsaglia, Tsang 2000, ACM TOMS 26:3; shapes below 1 by their boost): in logs,
 * because a tiny shape gives variates below any double.
 */
export function logGammaVariate(random: Random, shape: number): number {
  if (shape < 1) return logGammaVariate(random, shape + 1) + log(open(random)) / shape;
  const d = shape - 1 / 3;
  const c = 1 / sqrt(9 * d);
  for (;;) {
    const x = normalVariate(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && log(open(random)) < 0.5 * x * x + d - d * v + d * log(v)) return log(d * v);
  }
}

/** A gamma variate with mean shape / rate. */
export function gammaVariate(random: Random, shape: number, rate: number): number {
  return exp(logGammaVariate(random, shape)) / rate;
}

/** A beta(a, b) variate, as a ratio of gammas in logs. */
export function betaVariate(random: Random, a: number, b: number): number {
  return 1 / (1 + exp(logGammaVariate(random, b) - logGammaVariate(random, a)));
}

/** Trials up to and including the first success of chance p: 1, 2, …; Infinity where p is 0. */
export function geometricVariate(random: Random, p: number): number {
  if (p >= 1) return 1;
  return p > 0 ? ceil(log(open(random)) / log1p(-p)) : Infinity;
}

/**
 * A Poisson variate: products of uniforms for a small mean, transformed rejection above (Hörmann 1993, Insurance:
 * Mathematics and Economics 12:1, algorithm PTRS).
 */
export function poissonVariate(random: Random, mean: number): number {
  if (!(mean > 0)) return 0;
  if (mean >= 10) return poissonByRejection(random, mean);
  const floorOf = exp(-mean);
  let count = 0;
  for (let product = open(random); product > floorOf; product *= open(random)) count += 1;
  return count;
}

function poissonByRejection(random: Random, mean: number): number {
  const b = 0.931 + 2.53 * sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const accepted = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = open(random) - 0.5;
    const v = open(random);
    const edge = 0.5 - abs(u);
    const k = floor(((2 * a) / edge + b) * u + mean + 0.43);
    if (edge >= 0.07 && v <= accepted) return k;
    if (k < 0 || (edge < 0.013 && v > edge)) continue;
    const density = k * log(mean) - mean - logGamma(k + 1);
    if (log((v * inverseAlpha) / (a / (edge * edge) + b)) <= density) return k;
  }
}

/** The k-th smallest of n uniform variates on (0, 1): beta(k, n − k + 1). */
export function orderStatistic(random: Random, k: number, n: number): number {
  if (k === n) return exp(log(open(random)) / n);
  return min(1, betaVariate(random, k, n - k + 1));
}
