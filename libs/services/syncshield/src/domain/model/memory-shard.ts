import { CounterNeeds } from '../counter-needs.js';
import { Book, type BookChanges, type ShardView } from '../book.js';
import {
  BudgetTree,
  enforcedLimit,
  isCallers,
  MAX_MICROS,
  METER_ID,
  type Budget,
  type Cap,
} from '../budget.js';
import { CounterBook, type CounterRow, type Usage } from '../counter-book.js';
import { entryKey, type Entry } from '../entry.js';
import { keyOf, releaseMs, type Hold } from '../hold.js';
import { drained } from '../rate-counter.js';
import { MemoryCounters } from './memory-counters.js';
import { settlementKey, type Settlement } from '../settlement.js';

/** A tree of budgets: the first is the root, `parent` is the place of another in the list. */
export function treeOf(
  nodes: readonly { readonly parent?: number; readonly caps: readonly Omit<Cap, 'capNo'>[] }[],
): BudgetTree {
  let capNo = 0;
  const meter = { id: METER_ID, kind: 'meter', measure: 'micros', limit: MAX_MICROS } as const;
  const budgets = nodes.map((node, index): Budget => ({
    budgetNo: BigInt(index),
    id: `b${index}`,
    parentNo: node.parent === undefined ? undefined : BigInt(node.parent),
    depth: 0,
    name: `b${index}`,
    currency: 'EUR',
    isPaused: false,
    pausesOnExternal: false,
    caps: [meter, ...node.caps].map((cap) => ({ ...cap, capNo: ++capNo })),
  }));
  return new BudgetTree(budgets);
}

/** How a memory shard treats its counters between transactions. */
export interface MemoryShardOptions {
  /** Keeps the counter book of one transaction for the next, as a process that owns a shard. */
  readonly keepsCounters?: boolean;
}

/**
 * One shard kept in memory as the store keeps it: counters by row, written as differences under
 * the same CHECK.
 */
export class MemoryShard {
  readonly holds = new Map<string, Hold>();
  readonly settlements = new Map<string, Settlement>();
  readonly entries = new Map<string, Entry>();
  readonly counters = new MemoryCounters();
  readonly last: { changes?: BookChanges } = {};
  private kept = new CounterBook();
  /** Budgets with an open breach. */
  private readonly breached = new Set<bigint>();
  /** The instant of the last change; no decision is made before it. */
  private clockMs = 0;

  constructor(
    public tree: BudgetTree,
    public nowMs: number,
    private readonly options: MemoryShardOptions = {},
    readonly tenant = 't',
  ) {}

  /**
   * Runs one transaction: reads only the counters of now and of the instants given, gives back what
   * is due, works, writes.
   */
  transact<T>(decidedMs: readonly number[], work: (book: Book, view: ShardView) => T): T {
    const nowMs = Math.max(this.clockMs, this.nowMs);
    const view: ShardView = { shardNo: 1, tree: this.tree, nowMs };
    const due = [...this.holds.values()].filter(
      (hold) => hold.state === 'held' && releaseMs(hold) <= nowMs,
    );
    const counters = this.options.keepsCounters === true ? this.kept : new CounterBook();
    const needs = new CounterNeeds();
    for (const { budgetNo } of this.tree.budgets) {
      needs.addNow(this.tenant, view, budgetNo);
      for (const atMs of decidedMs) needs.addDecided(this.tenant, view, budgetNo, atMs);
    }
    for (const hold of due) needs.addDecided(this.tenant, view, hold.budgetNo, hold.decidedMs);
    this.counters.read(needs, counters);
    const { holds, settlements, entries } = this;
    const book = new Book(counters, { holds, settlements, entries });
    for (const hold of due) book.release(view, hold);
    const result = work(book, view);
    this.write(book.changes(), counters);
    if (book.changes().audit.length > 0) this.clockMs = nowMs;
    return result;
  }

  /** What a cap counts now, by the stored rows alone. */
  usage(cap: Cap): Usage {
    const nowMs = Math.max(this.clockMs, this.nowMs);
    const counters = new CounterBook();
    const needs = new CounterNeeds();
    const view: ShardView = { shardNo: 1, tree: this.tree, nowMs };
    for (const node of this.tree.budgets) {
      if (node.caps.includes(cap)) needs.addBudget(this.tenant, view, { ...node, caps: [cap] });
    }
    this.counters.read(needs, counters);
    return counters.usage(this.tenant, cap, nowMs);
  }

  /** Pauses a budget or lets it go on, as the administration does. */
  setPaused(budgetId: string, isPaused: boolean): void {
    const { nowMs } = this;
    const budget = this.tree.find(budgetId);
    // To resume also closes the breach of spend that paused nothing.
    const isClosing = !isPaused && budget !== undefined && this.breached.delete(budget.budgetNo);
    if (budget?.isPaused !== isPaused || isClosing) this.clockMs = Math.max(this.clockMs, nowMs);
    this.tree = new BudgetTree(
      this.tree.budgets.map((of) => (of.id === budgetId ? { ...of, isPaused } : of)),
    );
    this.forget();
  }

  /** Changes limits of a budget's caps, as the administration does; what they count stays. */
  changeLimits(budgetId: string, changed: (cap: Cap) => Cap): void {
    this.clockMs = Math.max(this.clockMs, this.nowMs);
    this.tree = new BudgetTree(
      this.tree.budgets.map((of) =>
        of.id === budgetId ? { ...of, caps: of.caps.map((cap) => this.changed(cap, changed)) } : of,
      ),
    );
    this.forget();
  }

  /** Somebody else may have written: what was kept is worthless. */
  forget(): void {
    this.kept = new CounterBook();
  }

  private changed(cap: Cap, change: (cap: Cap) => Cap): Cap {
    if (!isCallers(cap)) return cap;
    const changed = change(cap);
    const limit = enforcedLimit(changed);
    this.counters.change(cap, (stored) => {
      const row = cap.kind === 'rate' ? drainedRow(cap, stored, this.clockMs) : stored;
      const above = row.spent + row.held - limit;
      return { ...row, limit, excess: above > 0n ? above : 0n };
    });
    return changed;
  }

  private write(changes: BookChanges, counters: CounterBook): void {
    this.counters.write(counters);
    for (const hold of [...changes.newHolds, ...changes.changedHolds]) {
      this.holds.set(keyOf(hold.tenant, hold.id), hold);
    }
    for (const settlement of changes.newSettlements) {
      this.settlements.set(settlementKey(settlement), settlement);
    }
    for (const entry of changes.newEntries) this.entries.set(entryKey(entry), entry);
    for (const { budgetNo } of changes.breaches) this.breached.add(budgetNo);
    if (changes.pausedBudgetNos.size > 0) this.pause(changes.pausedBudgetNos);
    this.last.changes = changes;
  }

  private pause(budgetNos: ReadonlySet<bigint>): void {
    this.tree = new BudgetTree(
      this.tree.budgets.map((budget) => ({
        ...budget,
        isPaused: budget.isPaused || budgetNos.has(budget.budgetNo),
      })),
    );
  }
}

/** What a rate has used drains at the old limit until it changes. */
function drainedRow(cap: Cap, row: CounterRow, nowMs: number): CounterRow {
  const elapsedMs = Math.max(0, nowMs - row.mark);
  const [spent, part] = drained(row, elapsedMs, cap.limit, cap.windowMs ?? 1);
  return { ...row, spent, part, mark: Math.max(row.mark, nowMs) };
}
