import { logBeta } from '../numerics/gamma.js';
import { incompleteBeta } from '../numerics/incomplete-beta.js';
import { rootBetween } from '../numerics/root.js';
import type { SpendModel } from '../spend-model.js';
import type { ValuedCustomer } from '../value.js';
import { cumulative, type CountMixture } from './count-distribution.js';
import { quantilesOf } from './count-ranges.js';

const MICROS = 1e6;
/** Counts beyond this share of the probability are left to the last one. */
const NEGLIGIBLE = 1e-6;
/** Counts are taken together while they hold less than this share of what lies beyond them, on the smaller side. */
const BIN_SHARE = 0.08;
/** Levels nearer to 0 or 1 are not told apart. */
const LEAST_LEVEL = 1e-7;
/** Doublings of a spend that lead from its mean to next to certainty, at most. */
const DOUBLINGS = 60;
/** Halvings, on the way to a quantile, whose values other levels use too. */
const SHARED_HALVINGS = 6;

/** Whose spends they are, by which model. */
export interface Spender {
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

/**
 * The same of counts of any distribution, P(N ≤ n) from 0 on; what is left belongs to the last one. Counts next to each
 * other are taken for their mean, so that it takes a few hundred of them however busy a customer is; a level's quantile
 * does not depend on what other levels are asked for. Where only a mean is known each spend is that mean.
 */
export function spendQuantilesOf(
  below: readonly number[],
  { model, customer }: Spender,
  levels: readonly number[],
  factor = 1,
): number[] {
  const law = spendLaw(model, customer);
  if (law === undefined) {
    const each = model.populationMeanMicros;
    return quantilesOf(below, levels).map((count) => factor * count * each);
  }
  const nothing = below[0] ?? 1;
  const bins = countBins(below);
  const logScale = Math.log(law.scaleMicros);
  const parts = bins.map(({ count, share }) => {
    const [a, b] = [law.p * count, law.posteriorShape];
    return { share, a, b, logNorm: logBeta(a, b) };
  });
  // By log odds of S/(S + scale), which are the log of S but for a constant.
  const distribution = (logOdds: number): number => {
    const x = 1 / (1 + Math.exp(-logOdds));
    return parts.reduce((sum, { share, a, b, logNorm }) => {
      return sum + share * incompleteBeta(a, b, x, logNorm);
    }, nothing);
  };
  const quantile = inverse(distribution, startOf(bins, law), nothing);
  return levels.map((level) =>
    level <= nothing ? 0 : factor * Math.exp(logScale + quantile(level)),
  );
}

/** Of the sum S of n spends S/(S + scaleMicros) is beta(pn, posteriorShape). */
interface SpendLaw {
  readonly p: number;
  readonly posteriorShape: number;
  readonly scaleMicros: number;
}

/**
 * Spends are gamma(p, ν) each and ν ~ gamma(q + px, v + xz) given x spends of mean z (Fader, Hardie 2013), so that of
 * their sum S the share S/(S + v + xz) is beta(pn, q + px). Undefined where only a mean is known.
 */
function spendLaw(
  model: SpendModel,
  { frequency, spendMeanMicros }: ValuedCustomer,
): SpendLaw | undefined {
  const { p, q, v } = model.parameters;
  if (p === undefined || q === undefined || v === undefined) return undefined;
  const x = spendMeanMicros === undefined ? 0 : frequency;
  return { p, posteriorShape: q + p * x, scaleMicros: v * MICROS + x * (spendMeanMicros ?? 0) };
}

/** Counts above 0 that are taken for one, and how likely they are. */
interface CountBin {
  /** Their mean. */
  readonly count: number;
  readonly share: number;
}

/** Counts next to each other together, as long as that hardly matters. */
export function countBins(below: readonly number[]): CountBin[] {
  const bins: CountBin[] = [];
  const nothing = below[0] ?? 1;
  let [from, share, sum] = [nothing, 0, 0];
  for (let n = 1; n < below.length; n++) {
    const isLast = n === below.length - 1 || (below[n] ?? 1) > 1 - NEGLIGIBLE;
    const until = isLast ? 1 : (below[n] ?? 1);
    const mass = until - (below[n - 1] ?? 0);
    share += mass;
    sum += n * mass;
    const beyond = Math.max(NEGLIGIBLE, Math.min(from - nothing, 1 - until));
    const next = isLast ? 0 : (below[n + 1] ?? 1) - until;
    if (isLast || share + next > BIN_SHARE * beyond) {
      if (share > 0) bins.push({ count: sum / share, share });
      [from, share, sum] = [until, 0, 0];
    }
    if (isLast) break;
  }
  return bins;
}

/** Log odds of the mean spend of all that is likely: somewhere to look from. */
function startOf(bins: readonly CountBin[], { p, posteriorShape }: SpendLaw): number {
  const [share, sum] = bins.reduce(
    ([shares, counts], bin) => [shares + bin.share, counts + bin.share * bin.count],
    [0, 0],
  );
  return share > 0 ? Math.log((p * sum) / share / posteriorShape) : 0;
}

/** The inverse of a distribution function that starts with an atom of `nothing`; the first halvings are remembered. */
function inverse(
  distribution: (x: number) => number,
  start: number,
  nothing: number,
): (level: number) => number {
  const known = new Map<number, number>();
  const at = (x: number): number => {
    let value = known.get(x);
    if (value === undefined) known.set(x, (value = distribution(x)));
    return value;
  };
  let [lowest, highest] = [start - Math.LN2, start + Math.LN2];
  for (let k = 0; k < DOUBLINGS && at(lowest) > nothing + LEAST_LEVEL; k++) lowest -= Math.LN2;
  for (let k = 0; k < DOUBLINGS && at(highest) < 1 - LEAST_LEVEL; k++) highest += Math.LN2;
  return (level) => {
    let [low, high] = [lowest, highest];
    for (let k = 0; k < SHARED_HALVINGS; k++) {
      const middle = (low + high) / 2;
      if (at(middle) < level) low = middle;
      else high = middle;
    }
    return rootBetween((x) => distribution(x) - level, low, high);
  };
}
