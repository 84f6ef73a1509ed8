import { BinCounter, binOf, type ValuedCustomer } from '@kiki/clv';
import type { Feature, PopulationProfile } from './population-profile.js';

/** A feature today, in the bins of a profile. */
export interface ComparableCounts {
  /** Customers per bin, weighted to the ages of the profile. */
  readonly counts: readonly number[];
  /** Customers that were counted. */
  readonly customers: number;
  /** As many without weights would say as much (Kish 1965); 0 where too many ages have nobody. */
  readonly effectiveCustomers: number;
}

/** Ages of at least so much of the fitted population have to be there today. */
const MIN_COVERED = 0.9;

/**
 * Counts a population, customer by customer, as if its ages were those of the profile. Customers grow older, and so buy
 * more often and are worth less, without behaving otherwise: what can be compared is customers of the same age.
 */
export class PopulationCounter {
  /** One for each bin of age. */
  private readonly groups: readonly Readonly<Record<Feature, BinCounter>>[];

  constructor(private readonly profile: PopulationProfile) {
    const counterOf = (feature: Feature): BinCounter => new BinCounter(profile[feature].edges);
    this.groups = profile.age.counts.map(() => ({
      frequency: counterOf('frequency'),
      recency: counterOf('recency'),
      age: counterOf('age'),
      spend: counterOf('spend'),
      score: counterOf('score'),
    }));
  }

  /** Customers older than anybody was are left out. */
  add(customer: ValuedCustomer, valueMicros: number): void {
    const { oldestAge = Infinity, age } = this.profile;
    const group = this.groups[binOf(age.edges, customer.age)];
    if (customer.age > oldestAge || group === undefined) return;
    group.frequency.add(customer.frequency);
    group.recency.add(customer.recency);
    group.age.add(customer.age);
    if (customer.frequency > 0) group.spend.add(customer.spendMeanMicros ?? 0);
    group.score.add(valueMicros);
  }

  /** How many lie in each bin of a feature; ages are counted as they are. */
  counts(feature: Feature): ComparableCounts {
    const weights = feature === 'age' ? this.groups.map(() => 1) : this.weights();
    const counts = this.profile[feature].counts.map(() => 0);
    let [customers, weight, squares] = [0, 0, 0];
    this.groups.forEach((group, a) => {
      const w = weights[a] ?? 0;
      const inGroup = w === 0 ? 0 : group[feature].total;
      group[feature].counts.forEach((count, bin) => (counts[bin] = (counts[bin] ?? 0) + w * count));
      customers += inGroup;
      weight += w * inGroup;
      squares += w ** 2 * inGroup;
    });
    const isCovered = feature === 'age' || this.coveredShare() >= MIN_COVERED;
    const effectiveCustomers = isCovered && squares > 0 ? weight ** 2 / squares : 0;
    return { counts, customers, effectiveCustomers };
  }

  /** Direct standardisation: each group weighs what it weighed in the profile; 1 where nothing has changed. */
  private weights(): number[] {
    const { counts: fitted } = this.profile.age;
    const current = this.groups.map((group) => group.age.total);
    const isThere = (a: number): boolean => (current[a] ?? 0) > 0 && (fitted[a] ?? 0) > 0;
    const [then, now] = [fitted, current].map((counts) => sum(counts.filter((_, a) => isThere(a))));
    return current.map((count, a) =>
      isThere(a) ? ((fitted[a] ?? 0) * (now ?? 0)) / ((then ?? 0) * count) : 0,
    );
  }

  private coveredShare(): number {
    const { counts: fitted } = this.profile.age;
    const covered = fitted.filter((_, a) => (this.groups[a]?.age.total ?? 0) > 0);
    return sum(covered) / Math.max(1, sum(fitted));
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
