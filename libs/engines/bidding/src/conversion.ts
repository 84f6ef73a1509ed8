import { errors } from './errors.js';
import { logGamma } from './log-gamma.js';

/** What was seen of one segment. */
export interface ConversionCount {
  readonly segment: string;
  /** Impressions that were paid for. */
  readonly impressions: number;
  /** How many of them converted. */
  readonly conversions: number;
}

/** What is believed before anything was seen. */
export interface ConversionPrior {
  /** Expected conversions per impression, above 0 and below 1. @default 0.02 */
  readonly rate?: number;
  /** How many impressions this belief is worth. @default 50 */
  readonly weight?: number;
}

/** What was learned of one segment. */
export interface SegmentConversion extends ConversionCount {
  /** Posterior mean of the probability that an impression converts. */
  readonly probability: number;
}

/** Conversion probabilities by segment; plain JSON, so that a price can be made again from a stored table. */
export interface ConversionTable {
  readonly method: 'beta-binomial';
  /** Mean of the prior that all segments share: what a segment without data gets. */
  readonly rate: number;
  /** Concentration of that prior: the impressions it is worth. Large where segments behave alike. */
  readonly concentration: number;
  /** Sorted by name. */
  readonly segments: readonly SegmentConversion[];
}

const DEFAULT_PRIOR = { rate: 0.02, weight: 50 } as const;
/** Where the concentration is searched, impressions. */
const MIN_CONCENTRATION = 1;
const MAX_CONCENTRATION = 1e6;
const GOLDEN = 0.6180339887498949;
const SEARCH_STEPS = 60;

/**
 * Learns the conversion probability of each segment by empirical Bayes: segments draw their rates from one beta
 * distribution whose mean is the pooled rate and whose concentration maximises the marginal (beta-binomial) likelihood;
 * a segment's estimate is its posterior mean, so little data is shrunk towards the pool. Deterministic.
 * Source: D. A. Griffiths, "Maximum Likelihood Estimation for the Beta-Binomial Distribution…", Biometrics 29 (1973).
 * @throws conversion_counts_invalid
 */
export function learnConversion(
  counts: readonly ConversionCount[],
  prior: ConversionPrior = {},
): ConversionTable {
  const { rate: priorRate, weight } = { ...DEFAULT_PRIOR, ...prior };
  if (!(priorRate > 0 && priorRate < 1 && weight > 0)) {
    throw errors.conversion_counts_invalid('The prior needs 0 < rate < 1 and weight > 0.');
  }
  const seen = checked(counts);
  const sum = (name: 'impressions' | 'conversions'): number =>
    seen.reduce((total, count) => total + count[name], 0);
  const rate = (sum('conversions') + priorRate * weight) / (sum('impressions') + weight);
  const concentration = fitConcentration(seen, rate, weight);
  const segments = seen.map((count) => ({
    ...count,
    probability: (count.conversions + rate * concentration) / (count.impressions + concentration),
  }));
  return { method: 'beta-binomial', rate, concentration, segments };
}

/** The probability that an impression of the segment converts; the pooled rate for a segment nobody has seen. */
export function conversionProbability(table: ConversionTable, segment: string): number {
  const found = table.segments.find((known) => known.segment === segment);
  return found?.probability ?? table.rate;
}

/** Sorted by segment, so that the order in which rows were read cannot change a sum. */
function checked(counts: readonly ConversionCount[]): ConversionCount[] {
  const names = new Set<string>();
  for (const { segment, impressions, conversions } of counts) {
    const isCount = Number.isSafeInteger(impressions) && Number.isSafeInteger(conversions);
    if (!isCount || conversions < 0 || conversions > impressions || names.has(segment)) {
      throw errors.conversion_counts_invalid(`Segment "${segment}" is counted wrongly.`);
    }
    names.add(segment);
  }
  return counts
    .map(({ segment, impressions, conversions }) => ({ segment, impressions, conversions }))
    .sort((a, b) => (a.segment < b.segment ? -1 : a.segment > b.segment ? 1 : 0));
}

/** Golden-section search over the logarithm; with fewer than two segments nothing can be said about their spread. */
function fitConcentration(seen: readonly ConversionCount[], rate: number, weight: number): number {
  const withData = seen.filter(({ impressions }) => impressions > 0);
  if (withData.length < 2) return weight;
  const likelihood = (logM: number): number =>
    marginalLogLikelihood(withData, rate, Math.exp(logM));
  let low = Math.log(MIN_CONCENTRATION);
  let high = Math.log(MAX_CONCENTRATION);
  let left = high - GOLDEN * (high - low);
  let right = low + GOLDEN * (high - low);
  let atLeft = likelihood(left);
  let atRight = likelihood(right);
  for (let step = 0; step < SEARCH_STEPS; step++) {
    if (atLeft >= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - GOLDEN * (high - low);
      atLeft = likelihood(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + GOLDEN * (high - low);
      atRight = likelihood(right);
    }
  }
  return Math.exp((low + high) / 2);
}

/** Σ ln [ B(c + a, n − c + b) / B(a, b) ] with a = rate × M and b = (1 − rate) × M. */
function marginalLogLikelihood(
  counts: readonly ConversionCount[],
  rate: number,
  concentration: number,
): number {
  const a = rate * concentration;
  const b = concentration - a;
  const prior = logGamma(a) + logGamma(b) - logGamma(concentration);
  return counts.reduce(
    (total, { impressions: n, conversions: c }) =>
      total + logGamma(c + a) + logGamma(n - c + b) - logGamma(n + concentration) - prior,
    0,
  );
}
