import { PurchaseLog } from '@kiki/clv';

/** Grows a log customer by customer: 4 bytes a purchase day, and the ids. */
export class DayLogBuilder {
  private readonly customerIds: string[] = [];
  private readonly offsets: number[] = [0];
  private days = new Int32Array(1024);
  private length = 0;

  /** @param days ascending, days since 1970-01-01 */
  add(customerId: string, days: readonly number[]): void {
    while (this.length + days.length > this.days.length) {
      const larger = new Int32Array(this.days.length * 2);
      larger.set(this.days);
      this.days = larger;
    }
    this.days.set(days, this.length);
    this.length += days.length;
    this.customerIds.push(customerId);
    this.offsets.push(this.length);
  }

  /** The log of everybody so far, all of whose days lie up to `endDay`. */
  build(endDay: number): PurchaseLog {
    const { customerIds } = this;
    const days = this.days.slice(0, this.length);
    const offsets = Uint32Array.from(this.offsets);
    // The engine sorts ids by their bytes, a log by their UTF-16 units: they differ beyond U+FFFF only.
    const isSorted = customerIds.every((id, i) => i === 0 || (customerIds[i - 1] ?? '') < id);
    if (isSorted) return PurchaseLog.ofColumns({ endDay, customerIds, offsets, days });
    const customers = customerIds.map((customerId, i) => ({
      customerId,
      days: [...days.subarray(offsets[i], offsets[i + 1])],
    }));
    return PurchaseLog.of(customers, endDay);
  }
}
