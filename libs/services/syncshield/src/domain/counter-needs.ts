import type { ShardView } from './book.js';
import type { Budget, Cap } from './budget.js';
import { bucketsOfWindow, LIVE_SLOT, slotAt } from './cap-window.js';

/** A run of slots of one cap, both ends included. */
export interface SlotRange {
  readonly tenant: string;
  readonly cap: Cap;
  readonly first: bigint;
  readonly last: bigint;
}

type Bounds = [first: bigint, last: bigint];

interface CapNeeds {
  readonly tenant: string;
  readonly cap: Cap;
  readonly bounds: Bounds[];
}

/** Collects which counters a transaction has to read before it can decide. */
export class CounterNeeds {
  private readonly caps = new Map<bigint, CapNeeds>();

  /** Everything on the path of a budget as it counts now. */
  addNow(tenant: string, shard: ShardView, budgetNo: bigint): void {
    for (const node of shard.tree.path(budgetNo)) this.addBudget(tenant, shard, node);
  }

  /** What one budget alone counts now. */
  addBudget(tenant: string, shard: ShardView, node: Budget): void {
    for (const cap of node.caps) {
      const known = this.caps.get(cap.capNo);
      if (known === undefined)
        this.caps.set(cap.capNo, { tenant, cap, bounds: nowBounds(cap, shard) });
    }
  }

  /**
   * Also what counts money that was decided on at `decidedMs`, should it be settled now, even
   * late.
   */
  addDecided(tenant: string, shard: ShardView, budgetNo: bigint, decidedMs: number): void {
    this.addNow(tenant, shard, budgetNo);
    for (const node of shard.tree.path(budgetNo)) {
      for (const cap of node.caps) {
        if (cap.kind === 'meter' || cap.kind === 'total') continue;
        this.caps.get(cap.capNo)?.bounds.push(boundsAt(cap, shard.nowMs, decidedMs));
      }
    }
  }

  /** The slots to read, without overlap. */
  ranges(): SlotRange[] {
    return [...this.caps.values()].flatMap(({ tenant, cap, bounds }) =>
      joined(bounds).map(([first, last]) => ({ tenant, cap, first, last })),
    );
  }
}

function nowBounds(cap: Cap, { nowMs }: ShardView): Bounds[] {
  const slot = slotAt(cap, nowMs);
  if (cap.kind !== 'sliding_window') return [[slot, slot]];
  const { first, last } = bucketsOfWindow(cap, slot);
  return [
    [LIVE_SLOT, LIVE_SLOT],
    [first, last],
  ];
}

/** Of a sliding window every bucket that shares a window with the one of the hold. */
function boundsAt(cap: Cap, nowMs: number, decidedMs: number): Bounds {
  const slot = slotAt(cap, decidedMs);
  if (cap.kind !== 'sliding_window') return [slot, slot];
  const { first } = bucketsOfWindow(cap, slot);
  const now = slotAt(cap, nowMs);
  const end = slot + (slot - first);
  return [first, end < now ? end : now];
}

function joined(bounds: readonly Bounds[]): Bounds[] {
  const sorted = [...bounds].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const result: Bounds[] = [];
  for (const [first, last] of sorted) {
    const open = result.at(-1);
    if (open === undefined || first > open[1] + 1n) result.push([first, last]);
    else if (last > open[1]) open[1] = last;
  }
  return result;
}
