import { invalid } from './errors.js';
import { TableBuilder } from './table-builder.js';
import type { CustomerTable } from './statistics.js';
import { DAYS_PER_UNIT, type TimeUnit } from './time-unit.js';

/** One customer: ascending days with a purchase, days since 1970-01-01. */
export interface CustomerPurchases {
  readonly customerId: string;
  readonly days: readonly number[];
}

/** A log as columns: structured-cloneable. */
export interface PurchaseLogColumns {
  readonly endDay: number;
  /** Ascending. */
  readonly customerIds: readonly string[];
  /** Customer i bought on `days[offsets[i]]` … `days[offsets[i + 1] − 1]`. */
  readonly offsets: Uint32Array;
  readonly days: Int32Array;
}

/** A time that may run faster or slower than the calendar. */
export interface DayTime {
  /** Time at the end of a day, in days; increasing. */
  at(day: number): number;
}

/**
 * The purchase days of every customer up to a last day, and nothing later: what calibration is given, so that it
 * cannot look beyond. Sorted by customer id.
 */
export class PurchaseLog {
  /** Earliest purchase day; `endDay` + 1 while empty. */
  readonly firstDay: number;

  private constructor(
    readonly endDay: number,
    readonly customerIds: readonly string[],
    private readonly offsets: Uint32Array,
    private readonly days: Int32Array,
  ) {
    this.firstDay = days.reduce((first, day) => Math.min(first, day), endDay + 1);
  }

  /** Copies what happened up to `endDay` (inclusive); customers who came later are left out. */
  static of(customers: readonly CustomerPurchases[], endDay: number): PurchaseLog {
    const sorted = customers
      .map(({ customerId, days }) => ({ customerId, days: days.filter((day) => day <= endDay) }))
      .filter(({ days }) => days.length > 0)
      .sort((a, b) => (a.customerId < b.customerId ? -1 : a.customerId > b.customerId ? 1 : 0));
    const offsets = new Uint32Array(sorted.length + 1);
    sorted.forEach(({ days }, i) => (offsets[i + 1] = (offsets[i] ?? 0) + days.length));
    const all = new Int32Array(offsets[sorted.length] ?? 0);
    sorted.forEach(({ days }, i) => {
      all.set(days, offsets[i]);
    });
    const ids = sorted.map(({ customerId }) => customerId);
    return new PurchaseLog(endDay, ids, offsets, all);
  }

  /** The log that was sent as columns. */
  static ofColumns({ endDay, customerIds, offsets, days }: PurchaseLogColumns): PurchaseLog {
    return new PurchaseLog(endDay, customerIds, offsets, days);
  }

  /** The log as columns, to be sent to another thread. */
  get columns(): PurchaseLogColumns {
    const { endDay, customerIds, offsets, days } = this;
    return { endDay, customerIds, offsets, days };
  }

  /** Days observed: from the first purchase to the last day, both included. */
  get spanDays(): number {
    return this.endDay - this.firstDay + 1;
  }

  /** Median days between two purchases of a customer; 0 where nobody came back. */
  get medianGapDays(): number {
    const gaps: number[] = [];
    for (let i = 0; i < this.customerIds.length; i++) {
      const days = this.daysOf(i);
      for (let k = 1; k < days.length; k++) gaps.push((days[k] ?? 0) - (days[k - 1] ?? 0));
    }
    const sorted = Int32Array.from(gaps).sort();
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  }

  /** The purchase days of customer `index`, ascending. */
  daysOf(index: number): Int32Array {
    return this.days.subarray(this.offsets[index], this.offsets[index + 1]);
  }

  /** The log as it was at an earlier day. @throws clv_parameter_invalid for a later one */
  upTo(endDay: number): PurchaseLog {
    if (endDay > this.endDay) throw invalid('endDay', `a day up to ${this.endDay}`);
    const customers = this.customerIds.map((customerId, i) => ({
      customerId,
      days: [...this.daysOf(i)],
    }));
    return PurchaseLog.of(customers, endDay);
  }

  /**
   * Purchase days after `afterDay` up to `untilDay` of those who had bought by `afterDay`, in the order of the
   * customers of `upTo(afterDay)`.
   */
  purchasesWithin(afterDay: number, untilDay: number): Float64Array {
    const counts: number[] = [];
    for (let i = 0; i < this.customerIds.length; i++) {
      const days = this.daysOf(i);
      if ((days[0] ?? Infinity) > afterDay) continue;
      counts.push(days.reduce((n, day) => n + (day > afterDay && day <= untilDay ? 1 : 0), 0));
    }
    return Float64Array.from(counts);
  }

  /** Statistics at the last day, in calendar time or in an operational one. Without spend. */
  table(timeUnit: TimeUnit, time?: DayTime): CustomerTable {
    const builder = new TableBuilder(timeUnit);
    this.customerIds.forEach((customerId, i) => {
      const days = this.daysOf(i);
      const [firstDay = 0, lastDay = 0] = [days[0], days.at(-1)];
      const summary = { frequency: days.length - 1, firstDay, lastDay, repeatMicros: 0 };
      builder.add(customerId, { ...summary, totalMicros: 0 }, this.endDay);
    });
    const table = builder.build();
    if (time === undefined) return table;
    const perUnit = DAYS_PER_UNIT[timeUnit];
    const end = time.at(this.endDay);
    const since = (index: number, until: number): number => {
      return (until - time.at(this.daysOf(index)[0] ?? 0)) / perUnit;
    };
    return {
      ...table,
      recency: table.recency.map((_, i) => since(i, time.at(this.daysOf(i).at(-1) ?? 0))),
      age: table.age.map((_, i) => since(i, end)),
    };
  }
}
