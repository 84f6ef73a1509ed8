import { dayNumber, isTimeZone } from '@kiki/kernel';

import { invalid } from './errors.js';
import type { CustomerTable } from './statistics.js';
import { DAYS_PER_UNIT, type TimeUnit } from './time-unit.js';

/** One purchase or declared refund. */
export interface Transaction {
  readonly customerId: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Whole micros; negative for a declared refund; null where the log has no amounts. */
  readonly amountMicros: bigint | null;
}

/** What a customer did in a window. */
export interface WindowActuals {
  /** Days with a purchase, per customer of the table it was asked for. */
  readonly purchases: Float64Array;
  /** Net spend of those days, micros. */
  readonly spendMicros: Float64Array;
}

interface History {
  readonly customerId: string;
  /** Calendar day → net spend in micros (whole numbers below 2^53, so sums are exact); refunds of days without a purchase apart. */
  readonly days: Map<number, number>;
  refunds: { readonly day: number; readonly micros: number }[];
}

/**
 * Purchases merged per customer and calendar day of a time zone. A refund is no purchase: it lowers the spend of the
 * latest purchase day up to its own (then of the one before, never below zero) and leaves the frequency alone.
 */
export class PurchaseHistory {
  private readonly customers = new Map<string, History>();
  /** First and last day with a purchase, days since 1970-01-01; Infinity/-Infinity while empty. */
  firstDay = Infinity;
  lastDay = -Infinity;

  /** @param timeZone whose calendar days are merged @throws clv_parameter_invalid */
  constructor(readonly timeZone = 'UTC') {
    if (!isTimeZone(timeZone)) throw invalid('timeZone', 'an IANA time zone such as Europe/Berlin');
  }

  get size(): number {
    return this.customers.size;
  }

  /** Adds one transaction; order does not matter. */
  add(transaction: Transaction): void {
    const { customerId, atMs, amountMicros } = transaction;
    this.addDay(customerId, dayNumber(atMs, this.timeZone), Number(amountMicros ?? 0n));
  }

  /** Adds micros on a calendar day (days since 1970-01-01). */
  addDay(customerId: string, day: number, micros: number): void {
    let history = this.customers.get(customerId);
    if (history === undefined) {
      history = { customerId, days: new Map(), refunds: [] };
      this.customers.set(customerId, history);
    }
    if (micros < 0) {
      history.refunds.push({ day, micros: -micros });
      return;
    }
    history.days.set(day, (history.days.get(day) ?? 0) + micros);
    if (day < this.firstDay) this.firstDay = day;
    if (day > this.lastDay) this.lastDay = day;
  }

  /**
   * Statistics at the end of `endDay` (inclusive) of every customer who had bought by then, in the order of first appearance.
   * Only what happened until then is used, refunds too.
   */
  table(endDay: number, timeUnit: TimeUnit): CustomerTable {
    const perUnit = DAYS_PER_UNIT[timeUnit];
    const rows: { id: string; x: number; tx: number; T: number; spend: number }[] = [];
    for (const history of this.customers.values()) {
      const days = netDays(history, endDay);
      const [first] = days;
      const last = days.at(-1);
      if (first === undefined || last === undefined) continue;
      const x = days.length - 1;
      let sum = 0;
      for (let i = 1; i < days.length; i++) sum += days[i]?.micros ?? 0;
      rows.push({
        id: history.customerId,
        x,
        tx: (last.day - first.day) / perUnit,
        T: (endDay - first.day) / perUnit,
        spend: x === 0 ? 0 : sum / x,
      });
    }
    return {
      timeUnit,
      customerIds: rows.map((row) => row.id),
      frequency: Float64Array.from(rows, (row) => row.x),
      recency: Float64Array.from(rows, (row) => row.tx),
      age: Float64Array.from(rows, (row) => row.T),
      spendMeanMicros: Float64Array.from(rows, (row) => row.spend),
    };
  }

  /** Purchase days and net spend after `afterDay` up to `endDay` (inclusive) of the given customers. */
  actuals(customerIds: readonly string[], afterDay: number, endDay: number): WindowActuals {
    const purchases = new Float64Array(customerIds.length);
    const spendMicros = new Float64Array(customerIds.length);
    customerIds.forEach((id, i) => {
      const history = this.customers.get(id);
      for (const { day, micros } of history === undefined ? [] : netDays(history, endDay)) {
        if (day <= afterDay) continue;
        purchases[i] = (purchases[i] ?? 0) + 1;
        spendMicros[i] = (spendMicros[i] ?? 0) + micros;
      }
    });
    return { purchases, spendMicros };
  }
}

interface NetDay {
  readonly day: number;
  micros: number;
}

function netDays(history: History, endDay: number): NetDay[] {
  const days: NetDay[] = [];
  for (const [day, micros] of history.days) if (day <= endDay) days.push({ day, micros });
  days.sort((a, b) => a.day - b.day);
  const refunds = history.refunds.filter((refund) => refund.day <= endDay);
  refunds.sort((a, b) => a.day - b.day || a.micros - b.micros);
  for (const refund of refunds) applyRefund(days, refund.day, refund.micros);
  return days;
}

function applyRefund(days: NetDay[], refundDay: number, micros: number): void {
  let left = micros;
  for (let i = days.length - 1; i >= 0 && left > 0; i--) {
    const day = days[i];
    if (day === undefined || day.day > refundDay) continue;
    const taken = Math.min(day.micros, left);
    day.micros -= taken;
    left -= taken;
  }
}
