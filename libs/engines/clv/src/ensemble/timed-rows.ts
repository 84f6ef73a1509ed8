import type { Observed } from '../models/purchase-kind.js';
import type { PurchaseLog } from '../purchase-log.js';
import { groupRows } from '../statistics.js';
import { DAYS_PER_UNIT, type TimeUnit } from '../time-unit.js';
import type { TimedRow } from './blend.js';
import type { OperationalTime } from './operational-time.js';

/** A row that several customers share. */
export interface WeightedRow extends TimedRow {
  readonly customers: number;
}

/** Where in time a row of statistics stands. */
export interface Standing {
  /** The end of observation, days since 1970-01-01. */
  readonly asOfDay: number;
  readonly timeUnit: TimeUnit;
}

/** Turns a row of calendar time, in the unit of the model, into operational time. */
export function timedRow(row: Observed, time: OperationalTime, standing: Standing): TimedRow {
  const perUnit = DAYS_PER_UNIT[standing.timeUnit];
  const firstDay = standing.asOfDay - row.age * perUnit;
  const first = time.at(firstDay);
  const last = time.at(firstDay + row.recency * perUnit);
  const paced = {
    frequency: row.frequency,
    recency: (last - first) / perUnit,
    age: (time.at(standing.asOfDay) - first) / perUnit,
  };
  return { calendar: row, paced };
}

/** The customers of a log, identical ones once, in ascending order of (x, t_x, T). */
export function weightedRows(
  log: PurchaseLog,
  time: OperationalTime,
  timeUnit: TimeUnit,
): WeightedRow[] {
  const rows = groupRows(log.table(timeUnit));
  return Array.from({ length: rows.length }, (_, i) => {
    const calendar = {
      frequency: rows.frequency[i] ?? 0,
      recency: rows.recency[i] ?? 0,
      age: rows.age[i] ?? 0,
    };
    const standing = { asOfDay: log.endDay, timeUnit };
    return { ...timedRow(calendar, time, standing), customers: rows.weight[i] ?? 0 };
  });
}
