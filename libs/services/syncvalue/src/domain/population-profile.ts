import type { CustomerTable, ValuedCustomer } from '@kiki/clv';

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
export type PopulationProfile = Readonly<Record<Feature, FeatureProfile>>;

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
    let bin = 0;
    while (bin < this.edges.length && value > (this.edges[bin] ?? Infinity)) bin += 1;
    this.counts[bin] = (this.counts[bin] ?? 0) + 1;
  }
}

/** Counts a population, customer by customer, into the bins of a profile. */
export class PopulationCounter {
  private readonly counters: Readonly<Record<Feature, BinCounter>>;

  constructor(profile: PopulationProfile) {
    const counterOf = (feature: Feature): BinCounter => new BinCounter(profile[feature].edges);
    this.counters = {
      frequency: counterOf('frequency'),
      recency: counterOf('recency'),
      age: counterOf('age'),
      spend: counterOf('spend'),
      score: counterOf('score'),
    };
  }

  add(customer: ValuedCustomer, valueMicros: number): void {
    const { frequency, recency, age, spend, score } = this.counters;
    frequency.add(customer.frequency);
    recency.add(customer.recency);
    age.add(customer.age);
    if (customer.frequency > 0) spend.add(customer.spendMeanMicros ?? 0);
    score.add(valueMicros);
  }

  /** How many lie in each bin of a feature. */
  counts(feature: Feature): readonly number[] {
    return this.counters[feature].counts;
  }
}
