import type { CustomerTable } from '@kiki/clv';

/** The quantities whose distribution is watched; times in the model's unit, spend and score in micros. */
export const FEATURES = ['frequency', 'recency', 'age', 'spend', 'score'] as const;
export type Feature = (typeof FEATURES)[number];

/** A distribution: bin i holds values above `edges[i − 1]` and up to `edges[i]`; the last one all above. */
export interface FeatureProfile {
  /** Ascending and distinct; at most nine. */
  readonly edges: readonly number[];
  /** One more than edges. */
  readonly counts: readonly number[];
}

/** The population that a model was fitted to, in bins of about a tenth; about 700 bytes of JSON. */
export interface PopulationProfile extends Readonly<Record<Feature, FeatureProfile>> {
  /** Age of the oldest customer, rounded up. Absent in models before it was noted. */
  readonly oldestAge?: number;
}

const BINS = 10;
/** Edges are rounded before anybody is counted, so that the artefact stays small and the counts exact. */
const EDGE_DIGITS = 6;

/**
 * The profile of a table and the values of its customers. Spend is that of repeat customers; tied values
 * share a bin, so a feature may have fewer than ten.
 */
export function populationProfile(
  table: CustomerTable,
  values: ArrayLike<number>,
): PopulationProfile {
  const spend = table.spendMeanMicros.filter((_, i) => (table.frequency[i] ?? 0) > 0);
  return {
    frequency: profileOf(table.frequency),
    recency: profileOf(table.recency),
    age: profileOf(table.age),
    spend: profileOf(spend),
    score: profileOf(values),
    ...(table.age.length > 0 && { oldestAge: roundedUp(largest(table.age)) }),
  };
}

/** The deciles of a sample and how many lie between them. */
export function profileOf(sample: ArrayLike<number>): FeatureProfile {
  const sorted = Float64Array.from(sample).sort();
  const edges: number[] = [];
  for (let k = 1; k < BINS && sorted.length > 0; k++) {
    const value = sorted[Math.ceil((k * sorted.length) / BINS) - 1] ?? 0;
    const edge = Number(value.toPrecision(EDGE_DIGITS));
    if (edge > (edges.at(-1) ?? -Infinity)) edges.push(edge);
  }
  const counter = new BinCounter(edges);
  sorted.forEach((value) => counter.add(value));
  return { edges, counts: counter.counts };
}

/** Counts values into given bins. */
export class BinCounter {
  readonly counts: number[];

  constructor(private readonly edges: readonly number[]) {
    this.counts = Array<number>(edges.length + 1).fill(0);
  }

  /** Values counted so far. */
  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  add(value: number): void {
    const bin = binOf(this.edges, value);
    this.counts[bin] = (this.counts[bin] ?? 0) + 1;
  }
}

/** Which bin of a profile a value lies in. */
export function binOf(edges: readonly number[], value: number): number {
  let bin = 0;
  while (bin < edges.length && value > (edges[bin] ?? Infinity)) bin += 1;
  return bin;
}

/** Like an edge, yet never below the value; a day more is more at any age. */
function roundedUp(value: number): number {
  return Number((value * (1 + 10 ** (1 - EDGE_DIGITS))).toPrecision(EDGE_DIGITS));
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}
