import { CounterNeeds } from './counter-needs.js';
import { Book, type BookChanges, type ShardView } from './book.js';
import { BudgetTree, MAX_MICROS, METER_ID, type Budget, type Cap } from './budget.js';
import { CounterBook, type CounterRow } from './counter-book.js';
import { keyOf, type Hold } from './hold.js';
import { settlementKey, type Settlement } from './settlement.js';

/** A tree of budgets: the first is the root, `parent` is the place of another in the list. */
export function treeOf(
  nodes: readonly { readonly parent?: number; readonly caps: readonly Omit<Cap, 'capNo'>[] }[],
): BudgetTree {
  let capNo = 0n;
  const budgets = nodes.map((node, index): Budget => ({
    budgetNo: BigInt(index),
    id: `b${index}`,
    parentNo: node.parent === undefined ? undefined : BigInt(node.parent),
    depth: 0,
    name: `b${index}`,
    currency: 'EUR',
    isPaused: false,
    caps: [{ id: METER_ID, kind: 'meter' as const, limitMicros: MAX_MICROS }, ...node.caps].map(
      (cap) => ({ ...cap, capNo: ++capNo }),
    ),
  }));
  return new BudgetTree(budgets);
}

/**
 * One shard kept in memory as the store keeps it: counters by row, written as differences under
 * the same CHECK.
 */
export class MemoryShard {
  readonly holds = new Map<string, Hold>();
  readonly settlements = new Map<string, Settlement>();
  readonly counters = new Map<string, CounterRow>();
  readonly last: { changes?: BookChanges } = {};

  constructor(
    public tree: BudgetTree,
    public nowMs: number,
    readonly tenant = 't',
  ) {}

  /** Runs one transaction: reads only the counters it says it needs, works, writes. */
  transact<T>(work: (book: Book, view: ShardView) => T): T {
    const view: ShardView = { shardNo: 1, tree: this.tree, nowMs: this.nowMs };
    const counters = new CounterBook();
    const needs = new CounterNeeds();
    for (const { budgetNo } of this.tree.budgets) needs.addNow(this.tenant, view, budgetNo);
    for (const hold of this.holds.values()) {
      needs.addDecided(this.tenant, view, hold.budgetNo, hold.decidedMs);
    }
    for (const { cap, first, last } of needs.ranges()) {
      for (const row of this.counters.values()) {
        if (row.capNo === cap.capNo && row.slot >= first && row.slot <= last)
          counters.load(cap, row);
      }
    }
    const book = new Book(counters, this.holds, this.settlements);
    const result = work(book, view);
    this.write(book.changes(), counters);
    return result;
  }

  private write(changes: BookChanges, counters: CounterBook): void {
    const { inserts, updates } = counters.changes();
    for (const row of inserts) this.put(row);
    for (const change of updates) {
      const row = this.counters.get(`${change.capNo}/${change.slot}`);
      if (row === undefined) throw new Error('a counter to update is not there');
      this.put({
        ...change,
        spentMicros: row.spentMicros + change.spentMicros,
        heldMicros: row.heldMicros + change.heldMicros,
        excessMicros: row.excessMicros + change.excessMicros,
      });
    }
    for (const hold of [...changes.newHolds, ...changes.changedHolds]) {
      this.holds.set(keyOf(hold.tenant, hold.id), hold);
    }
    for (const settlement of changes.newSettlements) {
      this.settlements.set(settlementKey(settlement), settlement);
    }
    const isPausedNow = (no: bigint): boolean => changes.pausedBudgetNos.has(no);
    this.tree = new BudgetTree(
      this.tree.budgets.map((budget) => ({
        ...budget,
        isPaused: budget.isPaused || isPausedNow(budget.budgetNo),
      })),
    );
    this.last.changes = changes;
  }

  private put(row: CounterRow): void {
    const { spentMicros, heldMicros, limitMicros, excessMicros } = row;
    const isSound =
      spentMicros >= 0n &&
      heldMicros >= 0n &&
      excessMicros >= 0n &&
      spentMicros + heldMicros <= limitMicros + excessMicros;
    if (!isSound) throw new Error(`CHECK of the store: ${JSON.stringify(row, bigints)}`);
    this.counters.set(`${row.capNo}/${row.slot}`, row);
  }
}

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
