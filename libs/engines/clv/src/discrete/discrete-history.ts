import { DAY_MS } from '@kiki/kernel';

import type { PurchaseHistory } from '../purchase-history.js';
import { groupDiscrete, type DiscreteRow } from './discrete-rows.js';

/** The calendar's units that can be opportunities; weeks begin on Monday. */
export type OpportunityUnit = 'day' | 'week' | 'month' | 'year';

/**
 * An order log as opportunities: each calendar unit is one, with or without a purchase. A customer's first unit is
 * what made them a customer and no opportunity; n = the complete units from the next one to `endDay` (inclusive), x =
 * those with a purchase, t_x = the number of the last of these. What happened in a unit that `endDay` cuts is left out,
 * and so are customers who came in it. The end cuts its unit when that has days to come on which, in other units,
 * somebody bought: the year of a log of first Januaries is complete on 1 January. Grouped.
 */
export function discreteRows(
  history: Pick<PurchaseHistory, 'purchaseDays'>,
  endDay: number,
  unit: OpportunityUnit,
): DiscreteRow[] {
  const lastComplete = lastCompleteUnit(history, endDay, unit);
  const rows: DiscreteRow[] = [];
  for (const days of history.purchaseDays(endDay)) {
    const units = days.map((day) => unitOf(day, unit));
    const first = units[0] ?? Infinity;
    if (first > lastComplete) continue;
    const bought = new Set(units.filter((value) => value > first && value <= lastComplete));
    rows.push({
      frequency: bought.size,
      recency: bought.size === 0 ? 0 : Math.max(...bought) - first,
      opportunities: lastComplete - first,
      weight: 1,
    });
  }
  return groupDiscrete(rows);
}

function lastCompleteUnit(
  history: Pick<PurchaseHistory, 'purchaseDays'>,
  endDay: number,
  unit: OpportunityUnit,
): number {
  const current = unitOf(endDay, unit);
  if (unitOf(endDay + 1, unit) > current) return current;
  const end = placeInUnit(endDay, unit);
  for (const days of history.purchaseDays(endDay)) {
    if (days.some((day) => placeInUnit(day, unit) > end)) return current - 1;
  }
  return current;
}

/** How late in its unit a day lies: grows with the day. */
function placeInUnit(day: number, unit: OpportunityUnit): number {
  if (unit === 'day') return 0;
  if (unit === 'week') return day + WEEK_SHIFT - 7 * unitOf(day, unit);
  const date = new Date(day * DAY_MS);
  return date.getUTCDate() + (unit === 'year' ? 31 * date.getUTCMonth() : 0);
}

/** 1970-01-01 was a Thursday: three days into its week. */
const WEEK_SHIFT = 3;

/** Running number of the calendar unit that a day (since 1970-01-01) lies in. */
function unitOf(day: number, unit: OpportunityUnit): number {
  if (unit === 'day') return day;
  if (unit === 'week') return Math.floor((day + WEEK_SHIFT) / 7);
  const date = new Date(day * DAY_MS);
  return unit === 'year' ? date.getUTCFullYear() : date.getUTCFullYear() * 12 + date.getUTCMonth();
}
