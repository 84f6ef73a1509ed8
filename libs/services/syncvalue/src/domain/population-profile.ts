import { decilesOf, type BinnedSample, type CustomerTable } from '@kiki/clv';

/** The quantities whose distribution is watched; times in the model's unit, spend and score in micros. */
export const FEATURES = ['frequency', 'recency', 'age', 'spend', 'score'] as const;
export type Feature = (typeof FEATURES)[number];

/** The population that a model was fitted to, in bins of about a tenth; about 700 bytes of JSON. */
export interface PopulationProfile extends Readonly<Record<Feature, BinnedSample>> {
  /** Age of the oldest customer, rounded up. Absent in models before it was noted. */
  readonly oldestAge?: number;
}

/** Significant digits of the oldest age, so that the artefact stays small. */
const AGE_DIGITS = 6;

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
    frequency: decilesOf(table.frequency),
    recency: decilesOf(table.recency),
    age: decilesOf(table.age),
    spend: decilesOf(spend),
    score: decilesOf(values),
    ...(table.age.length > 0 && { oldestAge: roundedUp(largest(table.age)) }),
  };
}

/** Never below the value, and less than that of a day more. */
function roundedUp(value: number): number {
  return Number((value * (1 + 10 ** (1 - AGE_DIGITS))).toPrecision(AGE_DIGITS));
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}
