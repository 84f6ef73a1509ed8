import type { Cap } from './budget.js';
import type { CapCounter, CounterChanges, CounterRow, Instants, Usage } from './cap-counter.js';
import { RateCounter } from './rate-counter.js';
import { SlotCounter } from './slot-counter.js';
import { WindowCounter } from './window-counter.js';

export type { CounterChanges, CounterRow, CounterUpdate, Usage } from './cap-counter.js';

/**
 * The counters that transactions work on. It remembers what is stored, so that writing sends
 * differences and the CHECK of the table judges their sum: a transaction that worked on stale
 * counters fails instead of overspending. After `committed` it may serve the next transaction on
 * the same shards, as long as nobody else has written to them; after a failure it is worthless.
 */
export class CounterBook {
  private readonly counters = new Map<number, CapCounter>();
  private readonly used = new Set<CapCounter>();

  /** The counter of a cap, made when there is none. */
  of(tenant: string, cap: Cap): CapCounter {
    let counter = this.counters.get(cap.capNo);
    if (counter === undefined) {
      counter = counterOf(tenant, cap);
      this.counters.set(cap.capNo, counter);
    } else if (counter.cap !== cap) counter.cap = cap;
    return counter;
  }

  /** Takes a stored row in; rows that do not exist count as zero. */
  load(cap: Cap, row: CounterRow): void {
    this.of(row.tenant, cap).load(row);
  }

  /** What the cap counts at `nowMs`: its day, its window, or everything. */
  usage(tenant: string, cap: Cap, nowMs: number): Usage {
    return this.of(tenant, cap).usage(nowMs);
  }

  /** Counts a hold that is approved at `nowMs`. */
  approve(tenant: string, cap: Cap, nowMs: number, amountMicros: bigint): void {
    this.change(tenant, cap).approve(nowMs, amountMicros);
  }

  /** Moves the counters of a cap for money whose hold was decided at `decidedMs`. */
  move(tenant: string, cap: Cap, at: Instants, change: Usage): void {
    this.change(tenant, cap).move(at, change);
  }

  /**
   * Lets the counters of that slot stand above the limit (real spend), and says by how much what
   * counts it is above now.
   */
  allowExcess(tenant: string, cap: Cap, at: Instants): bigint {
    return this.change(tenant, cap).allowExcess(at);
  }

  /** Forgets caps that somebody else may have written to. */
  forget(caps: Iterable<Cap>): void {
    for (const { capNo } of caps) this.counters.delete(capNo);
  }

  /** Caps that were changed since the last `committed`. */
  changedCaps(): Cap[] {
    return [...this.used].map(({ cap }) => cap);
  }

  /** Rows to insert, and differences to add to rows that exist. */
  changes(): CounterChanges {
    const changes: CounterChanges = { inserts: [], updates: [] };
    for (const counter of this.used) counter.collect(changes);
    return changes;
  }

  /** The changes are stored: what is kept agrees with the store again. */
  committed(): void {
    for (const counter of this.used) counter.committed();
    this.used.clear();
  }

  /** The changes came to nothing: whatever was changed is forgotten. */
  undo(): void {
    for (const { cap } of this.used) this.counters.delete(cap.capNo);
    this.used.clear();
  }

  private change(tenant: string, cap: Cap): CapCounter {
    const counter = this.of(tenant, cap);
    this.used.add(counter);
    return counter;
  }
}

function counterOf(tenant: string, cap: Cap): CapCounter {
  if (cap.kind === 'sliding_window') return new WindowCounter(tenant, cap);
  if (cap.kind === 'rate') return new RateCounter(tenant, cap);
  return new SlotCounter(tenant, cap);
}
