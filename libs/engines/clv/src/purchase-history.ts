import { dayNumber, isTimeZone } from '@kiki/kernel';

import { invalid } from './errors.js';
import { netDays, summarize, type CustomerDay, type NetDay } from './netting.js';
import { PurchaseLog } from './purchase-log.js';
import type { CustomerTable } from './statistics.js';
import { TableBuilder } from './table-builder.js';
import type { TimeUnit } from './time-unit.js';

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

type MutableDay = { -readonly [K in keyof CustomerDay]: CustomerDay[K] };

/** An order log in memory: purchases merged per customer and calendar day of a time zone, refunds netted. */
export class PurchaseHistory {
  private readonly customers = new Map<string, Map<number, MutableDay>>();
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

  /** Adds micros on a calendar day (days since 1970-01-01); negative for a refund. */
  addDay(customerId: string, day: number, micros: number): void {
    const entry = this.entryOf(customerId, day);
    if (micros < 0) {
      entry.refundMicros -= micros;
      return;
    }
    entry.purchases += 1;
    entry.purchaseMicros += micros;
    if (day < this.firstDay) this.firstDay = day;
    if (day > this.lastDay) this.lastDay = day;
  }

  /**
   * Statistics at the end of `endDay` (inclusive) of every customer who had bought by then, in the order of
   * first appearance. Only what happened until then is used, refunds too.
   */
  table(endDay: number, timeUnit: TimeUnit): CustomerTable {
    const builder = new TableBuilder(timeUnit);
    for (const customerId of this.customers.keys()) {
      const summary = summarize(this.netDaysOf(customerId, endDay));
      if (summary !== undefined) builder.add(customerId, summary, endDay);
    }
    return builder.build();
  }

  /** Purchase days and net spend after `afterDay` up to `endDay` (inclusive) of the given customers. */
  actuals(customerIds: readonly string[], afterDay: number, endDay: number): WindowActuals {
    const purchases = new Float64Array(customerIds.length);
    const spendMicros = new Float64Array(customerIds.length);
    customerIds.forEach((id, i) => {
      for (const { day, micros } of this.netDaysOf(id, endDay)) {
        if (day <= afterDay) continue;
        purchases[i] = (purchases[i] ?? 0) + 1;
        spendMicros[i] = (spendMicros[i] ?? 0) + micros;
      }
    });
    return { purchases, spendMicros };
  }

  /** Days with a purchase up to `endDay` (inclusive), ascending, of each customer who has one. */
  *purchaseDays(endDay = Infinity): Generator<readonly number[]> {
    for (const days of this.customers.values()) {
      const bought = [...days.values()].filter(
        ({ day, purchases }) => purchases > 0 && day <= endDay,
      );
      if (bought.length > 0) yield bought.map(({ day }) => day).sort((a, b) => a - b);
    }
  }

  /** Every customer's purchase days up to `endDay` (inclusive), and nothing of what came later. */
  log(endDay: number): PurchaseLog {
    const customers = [...this.customers].map(([customerId, days]) => ({
      customerId,
      days: [...days.values()]
        .filter(({ purchases }) => purchases > 0)
        .map(({ day }) => day)
        .sort((a, b) => a - b),
    }));
    return PurchaseLog.of(customers, endDay);
  }

  private netDaysOf(customerId: string, endDay: number): NetDay[] {
    const days = [...(this.customers.get(customerId)?.values() ?? [])];
    return netDays(
      days.sort((a, b) => a.day - b.day),
      endDay,
    );
  }

  private entryOf(customerId: string, day: number): MutableDay {
    let days = this.customers.get(customerId);
    if (days === undefined) this.customers.set(customerId, (days = new Map<number, MutableDay>()));
    let entry = days.get(day);
    if (entry === undefined) {
      entry = { day, purchases: 0, purchaseMicros: 0, refundMicros: 0 };
      days.set(day, entry);
    }
    return entry;
  }
}
