/** Scores from 1 to 5; 5 is best. */
export interface RfmScores {
  readonly recency: number;
  readonly frequency: number;
  readonly monetary: number;
}

/** What is scored: the day of the last purchase, days with a purchase after the first, total net spend in micros. */
export interface RfmMeasures {
  readonly lastDay: number;
  readonly frequency: number;
  readonly totalMicros: number;
}

/** The smallest values that 20, 40, 60 and 80 % of the customers do not exceed. */
export type QuintileBounds = readonly number[];

/** The bounds of the three measures among all customers with a purchase. */
export interface RfmBounds {
  readonly lastDay: QuintileBounds;
  readonly frequency: QuintileBounds;
  readonly totalMicros: QuintileBounds;
}

const SHARES = [0.2, 0.4, 0.6, 0.8];

/** The bounds of a measure over customers, in any order. */
export function quintileBounds(values: ArrayLike<number>): QuintileBounds {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return [];
  return SHARES.map((share) => sorted[Math.ceil(share * sorted.length - 1e-9) - 1] ?? 0);
}

/** 1 plus the number of quintile bounds below the value: equal values get equal scores. */
export function quintile(value: number, bounds: QuintileBounds): number {
  return 1 + bounds.filter((bound) => value > bound).length;
}

/** Recency, frequency and monetary scores of one customer. */
export function rfmScores(customer: RfmMeasures, bounds: RfmBounds): RfmScores {
  return {
    recency: quintile(customer.lastDay, bounds.lastDay),
    frequency: quintile(customer.frequency, bounds.frequency),
    monetary: quintile(customer.totalMicros, bounds.totalMicros),
  };
}
