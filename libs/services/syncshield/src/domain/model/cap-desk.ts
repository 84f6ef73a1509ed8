import type { ShardView } from '../book.js';
import { BudgetTree, type Cap } from '../budget.js';
import type { CapInput } from '../caps.js';
import { CounterBook } from '../counter-book.js';
import { CounterNeeds } from '../counter-needs.js';
import { decideHold } from '../decision.js';
import { MemoryCounters } from './memory-counters.js';

const BUDGET_NO = 1n;

/**
 * One budget with one cap, decided on with the counters of the ledger: the counting alone, for
 * trials of a million events. What it keeps in memory is read anew now and then.
 */
export class CapDesk {
  private readonly cap: Cap;
  private readonly tree: BudgetTree;
  private readonly rows = new MemoryCounters();
  private book = new CounterBook();

  constructor(input: CapInput) {
    this.cap = { capNo: 1, ...input };
    const names = { id: 'b', name: 'b', currency: 'EUR', parentNo: undefined, depth: 0 };
    const flags = { isPaused: false, isBreached: false, pausesOnExternal: false };
    this.tree = new BudgetTree([{ budgetNo: BUDGET_NO, ...names, ...flags, caps: [this.cap] }]);
  }

  /** Whether the cap lets a hold of that much pass; it is held then. */
  hold(amountMicros: bigint, nowMs: number): boolean {
    this.read(nowMs, []);
    const times = { expiresInMs: 1, graceMs: 0 };
    const request = {
      tenant: 't',
      id: 'h',
      budgetId: 'b',
      amountMicros,
      currency: 'EUR',
      ...times,
    };
    const path = this.tree.path(BUDGET_NO);
    if (decideHold(this.book, request, path, nowMs).denial !== undefined) return false;
    this.book.approve('t', this.cap, nowMs, amountMicros);
    this.rows.write(this.book);
    return true;
  }

  /** Gives back a part of what was held at `decidedMs`, and spends the rest. */
  settle(heldMicros: bigint, spentMicros: bigint, at: { decidedMs: number; nowMs: number }): void {
    this.read(at.nowMs, [at.decidedMs]);
    this.book.move('t', this.cap, at, { held: -heldMicros, spent: spentMicros });
    this.rows.write(this.book);
  }

  /** Throws away what is kept in memory. */
  forget(): void {
    this.book = new CounterBook();
  }

  private read(nowMs: number, decidedMs: readonly number[]): void {
    const view: ShardView = { shardNo: 1, tree: this.tree, nowMs };
    const needs = new CounterNeeds();
    needs.addNow('t', view, BUDGET_NO);
    for (const atMs of decidedMs) needs.addDecided('t', view, BUDGET_NO, atMs);
    this.rows.read(needs, this.book);
  }
}
