import { errors } from './errors.js';
import type { TimeUnit } from './time-unit.js';

/** What the models know of one customer; times are in the unit of the model. */
export interface CustomerStatistics {
  readonly customerId: string;
  /** x: days with a purchase after the first such day. */
  readonly frequency: number;
  /** t_x: time from the first to the last day of purchase; 0 when there was only one. */
  readonly recency: number;
  /** T: time from the first day of purchase to the end of observation. */
  readonly age: number;
  /** Mean net spend of the repeat days, micros as a double; 0 when there are none. */
  readonly spendMeanMicros: number;
}

/** The same for many customers, as columns: what fits and bulk predictions read. Structured-cloneable. */
export interface CustomerTable {
  readonly timeUnit: TimeUnit;
  readonly customerIds: readonly string[];
  readonly frequency: Float64Array;
  readonly recency: Float64Array;
  readonly age: Float64Array;
  readonly spendMeanMicros: Float64Array;
}

/** Rows to columns, checking each. @throws clv_statistics_invalid */
export function tableOf(rows: readonly CustomerStatistics[], timeUnit: TimeUnit): CustomerTable {
  rows.forEach(checkStatistics);
  return {
    timeUnit,
    customerIds: rows.map((row) => row.customerId),
    frequency: Float64Array.from(rows, (row) => row.frequency),
    recency: Float64Array.from(rows, (row) => row.recency),
    age: Float64Array.from(rows, (row) => row.age),
    spendMeanMicros: Float64Array.from(rows, (row) => row.spendMeanMicros),
  };
}

/** One row of a table. */
export function rowOf(table: CustomerTable, index: number): CustomerStatistics {
  return {
    customerId: table.customerIds[index] ?? '',
    frequency: table.frequency[index] ?? 0,
    recency: table.recency[index] ?? 0,
    age: table.age[index] ?? 0,
    spendMeanMicros: table.spendMeanMicros[index] ?? 0,
  };
}

/** Checks one customer. @throws clv_statistics_invalid */
export function checkStatistics(row: CustomerStatistics): void {
  const { frequency, recency, age, spendMeanMicros } = row;
  const isPossible =
    Number.isInteger(frequency) &&
    frequency >= 0 &&
    recency >= 0 &&
    recency <= age * (1 + 1e-12) &&
    Number.isFinite(age) &&
    (frequency === 0) === (recency === 0) &&
    Number.isFinite(spendMeanMicros) &&
    spendMeanMicros >= 0;
  if (isPossible) return;
  throw errors.clv_statistics_invalid(
    `Customer "${row.customerId}" has x = ${frequency}, t_x = ${recency}, T = ${age}, spend ${spendMeanMicros}.`,
  );
}

/** Identical (x, t_x, T) once, with their number: what a likelihood sums over. */
export interface GroupedRows {
  readonly length: number;
  readonly customers: number;
  readonly maxFrequency: number;
  readonly frequency: Float64Array;
  readonly recency: Float64Array;
  readonly age: Float64Array;
  readonly weight: Float64Array;
}

/** Groups identical rows, in ascending order of (x, t_x, T). */
export function groupRows(table: CustomerTable): GroupedRows {
  const order = sortedIndices(table);
  const { frequency, recency, age } = table;
  const columns = [0, 1, 2, 3].map(() => new Float64Array(order.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [x, tx, T, weight] = columns;
  let length = 0;
  let previous = -1;
  for (const i of order) {
    const isSame =
      previous !== -1 &&
      frequency[i] === frequency[previous] &&
      recency[i] === recency[previous] &&
      age[i] === age[previous];
    if (!isSame) {
      x[length] = frequency[i] ?? 0;
      tx[length] = recency[i] ?? 0;
      T[length] = age[i] ?? 0;
      length += 1;
    }
    weight[length - 1] = (weight[length - 1] ?? 0) + 1;
    previous = i;
  }
  return {
    length,
    customers: order.length,
    maxFrequency: frequency.reduce((max, value) => Math.max(max, value), 0),
    frequency: x.slice(0, length),
    recency: tx.slice(0, length),
    age: T.slice(0, length),
    weight: weight.slice(0, length),
  };
}

function sortedIndices({ frequency, recency, age }: CustomerTable): Uint32Array {
  const order = Uint32Array.from(frequency, (_, i) => i);
  return order.sort(
    (i, j) =>
      (frequency[i] ?? 0) - (frequency[j] ?? 0) ||
      (recency[i] ?? 0) - (recency[j] ?? 0) ||
      (age[i] ?? 0) - (age[j] ?? 0),
  );
}
