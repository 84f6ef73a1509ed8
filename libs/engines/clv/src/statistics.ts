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
  const { frequency, recency, age } = table;
  const groups = new RowGroups(frequency.length);
  // Most customers bought once and differ in T only: numbers sort many times faster than rows.
  const isSingle = (i: number): boolean => frequency[i] === 0 && recency[i] === 0;
  const [ages, others] = [new Float64Array(frequency.length), new Uint32Array(frequency.length)];
  let [singles, rest] = [0, 0];
  for (let i = 0; i < frequency.length; i++) {
    if (isSingle(i)) ages[singles++] = age[i] ?? 0;
    else others[rest++] = i;
  }
  for (const T of ages.subarray(0, singles).sort()) groups.add(0, 0, T);
  for (const i of sortedByRow(others.subarray(0, rest), table)) {
    groups.add(frequency[i] ?? 0, recency[i] ?? 0, age[i] ?? 0);
  }
  return groups.rows();
}

function sortedByRow(order: Uint32Array, { frequency, recency, age }: CustomerTable): Uint32Array {
  return order.sort(
    (i, j) =>
      (frequency[i] ?? 0) - (frequency[j] ?? 0) ||
      (recency[i] ?? 0) - (recency[j] ?? 0) ||
      (age[i] ?? 0) - (age[j] ?? 0),
  );
}

/** Counts neighbours that are alike. */
class RowGroups {
  private readonly x: Float64Array;
  private readonly tx: Float64Array;
  private readonly T: Float64Array;
  private readonly weight: Float64Array;
  private length = 0;

  constructor(private readonly customers: number) {
    this.x = new Float64Array(customers);
    this.tx = new Float64Array(customers);
    this.T = new Float64Array(customers);
    this.weight = new Float64Array(customers);
  }

  add(x: number, tx: number, T: number): void {
    const last = this.length - 1;
    const isSame = last >= 0 && this.x[last] === x && this.tx[last] === tx && this.T[last] === T;
    if (isSame) {
      this.weight[last] = (this.weight[last] ?? 0) + 1;
      return;
    }
    this.x[this.length] = x;
    this.tx[this.length] = tx;
    this.T[this.length] = T;
    this.weight[this.length++] = 1;
  }

  rows(): GroupedRows {
    const { customers, length } = this;
    return {
      ...{ length, customers },
      maxFrequency: this.x[length - 1] ?? 0,
      frequency: this.x.slice(0, length),
      recency: this.tx.slice(0, length),
      age: this.T.slice(0, length),
      weight: this.weight.slice(0, length),
    };
  }
}
