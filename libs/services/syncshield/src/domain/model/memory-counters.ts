import type { Cap } from '../budget.js';
import { LIVE_SLOT } from '../cap-window.js';
import type { CounterBook, CounterRow } from '../counter-book.js';
import type { CounterNeeds } from '../counter-needs.js';

/** Counters as the store keeps them: by row, written as differences under the same CHECK. */
export class MemoryCounters {
  private readonly rows = new Map<number, Map<number, CounterRow>>();

  /** Gives a book the rows that it needs and does not know. */
  read(needs: CounterNeeds, book: CounterBook): void {
    for (const { tenant, cap, slots, fallen } of needs.wants(book)) {
      const rows = this.of(cap.capNo);
      const load = (slot: number, mark?: number): void => {
        const row = rows.get(slot);
        if (row !== undefined && (mark === undefined || row.mark === mark)) book.load(cap, row);
      };
      for (const slot of slots) load(slot);
      const live = rows.get(LIVE_SLOT);
      if (fallen !== undefined && live !== undefined && fallen.before - live.mark < fallen.ringSize)
        for (let bucket = live.mark; bucket < fallen.before; bucket++) {
          load(bucket % fallen.ringSize, bucket);
        }
      if (fallen !== undefined && live?.tail !== undefined) {
        load(live.tail.bucket % fallen.ringSize);
      }
      book.of(tenant, cap).loaded(slots);
    }
  }

  /** Writes what a book has changed. */
  write(book: CounterBook): void {
    const { inserts, updates } = book.changes();
    for (const row of inserts) this.put(row, undefined);
    for (const { wasMark, ...change } of updates) {
      const row = this.of(change.capNo).get(change.slot);
      if (row?.mark !== wasMark) throw new Error('a counter to update is not as it was read');
      const { spent, held, excess } = row;
      const sums = {
        spent: spent + change.spent,
        held: held + change.held,
        excess: excess + change.excess,
      };
      this.put({ ...change, ...sums }, row);
    }
    book.committed();
  }

  /** Changes the rows of one cap, as the administration does. */
  change({ capNo }: Cap, change: (row: CounterRow) => CounterRow): void {
    for (const row of [...this.of(capNo).values()]) this.put(change(row), row);
  }

  private of(capNo: number): Map<number, CounterRow> {
    let rows = this.rows.get(capNo);
    if (rows === undefined) this.rows.set(capNo, (rows = new Map<number, CounterRow>()));
    return rows;
  }

  private put(row: CounterRow, before: CounterRow | undefined): void {
    const rows = this.of(row.capNo);
    if (rows.get(row.slot) !== before) throw new Error('a counter to insert is there already');
    const { spent, held, limit, excess } = row;
    const isSound = held >= 0n && excess >= 0n && spent + held <= limit + excess;
    if (!isSound) throw new Error(`CHECK of the store: ${JSON.stringify(row, bigints)}`);
    rows.set(row.slot, row);
  }
}

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
