import { errors, invalid } from '../errors.js';
import { checkStatistics, groupRows, rowOf } from '../statistics.js';
import type { CustomerTable, GroupedRows } from '../statistics.js';

/** What is known of customers from the start and never changes: one column per name, one value per customer. */
export interface Covariates {
  readonly names: readonly string[];
  /** In the order of the table's customers; a yes or no is 1 or 0. */
  readonly columns: readonly ArrayLike<number>[];
}

/** Customers with the same covariates; `z` is standardised, times are divided by the mean age. */
export interface CovariateGroup {
  readonly z: Float64Array;
  readonly rows: GroupedRows;
}

/** All groups in an order that does not depend on the customers'. */
export interface GroupedCustomers {
  readonly groups: readonly CovariateGroup[];
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  /** Units of time in one of the rows'. */
  readonly timeScale: number;
  readonly customers: number;
}

/** Checks and groups. @throws clv_not_enough_data, clv_statistics_invalid, clv_parameter_invalid */
export function groupByCovariates(table: CustomerTable, covariates: Covariates): GroupedCustomers {
  checkCovariates(table, covariates);
  const customers = table.customerIds.length;
  const repeaters = table.frequency.reduce((count, x) => count + (x > 0 ? 1 : 0), 0);
  if (customers < 10 || repeaters < 3) throw errors.clv_not_enough_data();
  const members = new Map<string, number[]>();
  for (let i = 0; i < customers; i++) {
    checkStatistics(rowOf(table, i));
    const key = covariates.columns.map((column) => column[i]).join(' ');
    const known = members.get(key);
    if (known === undefined) members.set(key, [i]);
    else known.push(i);
  }
  const keys = [...members.keys()].sort();
  const raw = keys.map((key) => {
    const indices = members.get(key) ?? [];
    const z = covariates.columns.map((column) => column[indices[0] ?? 0] ?? 0);
    return { z, rows: groupRows(part(table, indices)) };
  });
  const { means, deviations } = moments(raw, covariates.names, customers);
  const timeScale = meanAge(raw.map(({ rows }) => rows));
  const groups = raw.map(({ z, rows }) => ({
    z: Float64Array.from(z, (value, k) => (value - (means[k] ?? 0)) / (deviations[k] ?? 1)),
    rows: {
      ...rows,
      recency: rows.recency.map((time) => time / timeScale),
      age: rows.age.map((time) => time / timeScale),
    },
  }));
  return { groups, means, deviations, timeScale, customers };
}

function checkCovariates(table: CustomerTable, { names, columns }: Covariates): void {
  if (names.length !== columns.length || names.length === 0) {
    throw invalid('covariates', 'one column per name, and at least one');
  }
  columns.forEach((column, k) => {
    const name = names[k] ?? '';
    if (column.length !== table.customerIds.length) throw invalid(name, 'a value per customer');
    if (!Array.from(column).every(Number.isFinite)) throw invalid(name, 'finite numbers');
  });
}

function part(table: CustomerTable, indices: readonly number[]): CustomerTable {
  const pick = (column: Float64Array): Float64Array =>
    Float64Array.from(indices, (i) => column[i] ?? 0);
  return {
    timeUnit: table.timeUnit,
    customerIds: indices.map((i) => table.customerIds[i] ?? ''),
    frequency: pick(table.frequency),
    recency: pick(table.recency),
    age: pick(table.age),
    spendMeanMicros: pick(table.spendMeanMicros),
  };
}

interface RawGroup {
  readonly z: readonly number[];
  readonly rows: GroupedRows;
}

function moments(groups: readonly RawGroup[], names: readonly string[], customers: number) {
  const mean = (f: (z: readonly number[]) => number): number =>
    groups.reduce((sum, { z, rows }) => sum + f(z) * rows.customers, 0) / customers;
  const means = names.map((_, k) => mean((z) => z[k] ?? 0));
  const deviations = names.map((name, k) => {
    const variance = mean((z) => ((z[k] ?? 0) - (means[k] ?? 0)) ** 2);
    if (!(variance > 0)) throw invalid(name, 'values that are not all the same');
    return Math.sqrt(variance);
  });
  return { means, deviations };
}

function meanAge(groups: readonly GroupedRows[]): number {
  let [sum, total] = [0, 0];
  for (const { length, age, weight } of groups) {
    for (let i = 0; i < length; i++) {
      sum += (age[i] ?? 0) * (weight[i] ?? 0);
      total += weight[i] ?? 0;
    }
  }
  return sum / total;
}
