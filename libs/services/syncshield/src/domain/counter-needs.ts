import type { ShardView } from './book.js';
import { followsMoney, type Budget, type Cap } from './budget.js';
import type { CounterBook } from './counter-book.js';
import { MIN_WINDOW_MS, ringOf } from './cap-window.js';

/** Rows of one cap that have to be read. */
export interface CounterWant {
  readonly tenant: string;
  readonly cap: Cap;
  readonly slots: readonly number[];
  /** Buckets that left the window: from the stored first one up to `before` (exclusive). */
  readonly fallen?: { readonly before: number; readonly ringSize: number };
}

interface CapNeeds {
  readonly tenant: string;
  readonly cap: Cap;
  readonly nowMs: number;
  readonly decidedMs: number[];
}

/** Collects which counters a transaction has to read before it can decide. */
export class CounterNeeds {
  private readonly caps = new Map<number, CapNeeds>();

  /** Everything on the path of a budget as it counts now. */
  addNow(tenant: string, shard: ShardView, budgetNo: bigint): void {
    for (const node of shard.tree.path(budgetNo)) this.addBudget(tenant, shard, node);
  }

  /** What one budget alone counts now. */
  addBudget(tenant: string, shard: ShardView, node: Budget): void {
    for (const cap of node.caps) this.capNeeds(tenant, shard, cap);
  }

  /**
   * Also what counts money that was decided on at `decidedMs`, should it be settled now, even
   * late.
   */
  addDecided(tenant: string, shard: ShardView, budgetNo: bigint, decidedMs: number): void {
    for (const node of shard.tree.path(budgetNo)) {
      for (const cap of node.caps) {
        const needs = this.capNeeds(tenant, shard, cap);
        if (isTimed(cap)) needs.decidedMs.push(decidedMs);
      }
    }
  }

  /** The rows to read, less those that the book knows. */
  wants(book: CounterBook): CounterWant[] {
    const wants: CounterWant[] = [];
    for (const { tenant, cap, decidedMs, nowMs } of this.caps.values()) {
      const { slots, fallenBefore: before } = book.of(tenant, cap).reads(decidedMs, nowMs);
      if (before !== undefined) {
        const ringSize = ringOf(cap.windowMs ?? MIN_WINDOW_MS).size;
        wants.push({ tenant, cap, slots, fallen: { before, ringSize } });
      } else if (slots.length > 0) wants.push({ tenant, cap, slots });
    }
    return wants;
  }

  private capNeeds(tenant: string, { nowMs }: ShardView, cap: Cap): CapNeeds {
    let needs = this.caps.get(cap.capNo);
    if (needs === undefined) {
      needs = { tenant, cap, nowMs, decidedMs: [] };
      this.caps.set(cap.capNo, needs);
    }
    return needs;
  }
}

function isTimed(cap: Cap): boolean {
  return followsMoney(cap) && cap.kind !== 'meter' && cap.kind !== 'total';
}
