import { incompleteBeta } from '../numerics/incomplete-beta.js';
import type { SpendModel } from '../spend-model.js';
import type { ValuedCustomer } from '../value.js';
import { cumulative, type CountMixture } from './count-distribution.js';

const MICROS = 1e6;
/** Counts beyond this share of the probability are left to the last one. */
const NEGLIGIBLE = 1e-6;
const STEPS = 60;

/** P(what n future purchases bring ≤ s), n > 0, s in micros. */
type SpendLaw = (n: number, spendMicros: number) => number;

/** Whose spends they are, by which model. */
interface Spender {
  readonly model: SpendModel;
  readonly customer: ValuedCustomer;
}

/**
 * Quantiles of what a customer's purchases within a horizon bring, micros, for each of `levels` in (0, 1): the counts'
 * mixture over the law of n spends. `factor` scales them, e.g. margin × discount.
 */
export function spendQuantiles(
  counts: CountMixture,
  spender: Spender,
  levels: readonly number[],
  factor = 1,
): number[] {
  return spendQuantilesOf(cumulative(counts, 1 - NEGLIGIBLE), spender, levels, factor);
}

/** The same of counts of any distribution, P(N ≤ n) from 0 on; what is left belongs to the last one. */
export function spendQuantilesOf(
  below: readonly number[],
  { model, customer }: Spender,
  levels: readonly number[],
  factor = 1,
): number[] {
  const law = spendLaw(model, customer);
  const distribution = (spend: number): number => {
    let sum = below[0] ?? 1;
    for (let n = 1; n < below.length; n++) {
      const next = n === below.length - 1 ? 1 : (below[n] ?? 1);
      sum += (next - (below[n - 1] ?? 0)) * law(n, spend);
    }
    return sum;
  };
  return levels.map((level) => {
    return level <= (below[0] ?? 1) ? 0 : factor * solve(distribution, level);
  });
}

/**
 * Spends are gamma(p, ν) each and ν ~ gamma(q + px, v + xz) given x spends of mean z (Fader, Hardie 2013), so that of
 * their sum S the share S/(S + v + xz) is beta(pn, q + px). Where only a mean is known each spend is that mean.
 */
function spendLaw(model: SpendModel, { frequency, spendMeanMicros }: ValuedCustomer): SpendLaw {
  const { p, q, v } = model.parameters;
  if (p === undefined || q === undefined || v === undefined) {
    return (n, spend) => (spend >= n * model.populationMeanMicros ? 1 : 0);
  }
  const x = spendMeanMicros === undefined ? 0 : frequency;
  const scale = v * MICROS + x * (spendMeanMicros ?? 0);
  return (n, spend) => incompleteBeta(p * n, q + p * x, spend / (spend + scale));
}

/** Smallest spend whose probability reaches the level, to fifteen digits or as far as doubling leads. */
function solve(distribution: (spend: number) => number, level: number): number {
  let high = MICROS;
  for (let step = 0; step < STEPS && distribution(high) < level; step++) high *= 2;
  let low = 0;
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (distribution(middle) < level) low = middle;
    else high = middle;
  }
  return high;
}
