import type { HistorySummary } from './netting.js';
import type { CustomerTable } from './statistics.js';
import { DAYS_PER_UNIT, type TimeUnit } from './time-unit.js';

/** Grows a table customer by customer: 32 bytes each and the id, whatever the length of the log. */
export class TableBuilder {
  private readonly ids: string[] = [];
  private readonly frequency = new Column();
  private readonly recency = new Column();
  private readonly age = new Column();
  private readonly spend = new Column();
  private readonly daysPerUnit: number;

  constructor(private readonly timeUnit: TimeUnit) {
    this.daysPerUnit = DAYS_PER_UNIT[timeUnit];
  }

  /** Customers so far. */
  get size(): number {
    return this.ids.length;
  }

  /** Adds a customer observed until the end of `endDay`. */
  add(customerId: string, summary: HistorySummary, endDay: number): void {
    const { frequency, firstDay, lastDay, repeatMicros } = summary;
    this.ids.push(customerId);
    this.frequency.push(frequency);
    this.recency.push((lastDay - firstDay) / this.daysPerUnit);
    this.age.push((endDay - firstDay) / this.daysPerUnit);
    this.spend.push(frequency === 0 ? 0 : repeatMicros / frequency);
  }

  /** The table of all customers added so far. */
  build(): CustomerTable {
    return {
      timeUnit: this.timeUnit,
      customerIds: this.ids,
      frequency: this.frequency.values(),
      recency: this.recency.values(),
      age: this.age.values(),
      spendMeanMicros: this.spend.values(),
    };
  }
}

/** A growing column of doubles. */
export class Column {
  private buffer = new Float64Array(1024);
  private length = 0;

  push(value: number): void {
    if (this.length === this.buffer.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.buffer);
      this.buffer = larger;
    }
    this.buffer[this.length++] = value;
  }

  values(): Float64Array<ArrayBuffer> {
    return this.buffer.slice(0, this.length);
  }
}
