import { errors } from '../errors.js';

/** What is known of one customer who may buy at most once per opportunity. */
export interface DiscreteObserved {
  /** x: opportunities with a purchase. */
  readonly frequency: number;
  /** t_x: number of the last opportunity with a purchase, from 1; 0 when there was none. */
  readonly recency: number;
  /** n: opportunities so far. */
  readonly opportunities: number;
}

/** The same for a number of alike customers. */
export interface DiscreteRow extends DiscreteObserved {
  /** Customers with these statistics, > 0. */
  readonly weight: number;
}

/** Checks one row. @throws clv_statistics_invalid */
export function checkDiscrete(row: DiscreteRow): void {
  const { frequency: x, recency, opportunities: n, weight } = row;
  const isPossible =
    [x, recency, n].every((value) => Number.isInteger(value) && value >= 0) &&
    x <= recency &&
    recency <= n &&
    (x === 0) === (recency === 0) &&
    Number.isFinite(weight) &&
    weight > 0;
  if (isPossible) return;
  throw errors.clv_statistics_invalid(
    `A customer has x = ${x}, t_x = ${recency}, n = ${n} and weight ${weight}.`,
  );
}

/**
 * Identical rows once, in an order in which a likelihood can share its sums: by x, then n, both ascending, then
 * by t_x descending. @throws clv_statistics_invalid
 */
export function groupDiscrete(rows: readonly DiscreteRow[]): DiscreteRow[] {
  rows.forEach(checkDiscrete);
  const sorted = [...rows].sort(
    (a, b) =>
      a.frequency - b.frequency || a.opportunities - b.opportunities || b.recency - a.recency,
  );
  const groups: DiscreteRow[] = [];
  for (const row of sorted) {
    const last = groups.at(-1);
    const isSame =
      last?.frequency === row.frequency &&
      last.recency === row.recency &&
      last.opportunities === row.opportunities;
    if (last !== undefined && isSame) {
      groups[groups.length - 1] = { ...last, weight: last.weight + row.weight };
    } else groups.push(row);
  }
  return groups;
}
