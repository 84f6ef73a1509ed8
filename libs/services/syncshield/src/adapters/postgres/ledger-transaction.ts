import { refuse } from '@kiki/kernel';
import type { Queryable } from '@kiki/postgres';
import type { LedgerCommand, LedgerOutcome } from '../../application/ledger.js';
import { Book, type BookChanges } from '../../domain/book.js';
import type { CounterBook } from '../../domain/counter-book.js';
import type { EntryRequest } from '../../domain/entry.js';
import { keyOf, releaseMs, type Hold } from '../../domain/hold.js';
import { NoJudge, type Judge } from '../../domain/judge.js';
import type { SettlementRequest } from '../../domain/settlement.js';
import { appendAudit } from './audit-rows.js';
import { CounterNeeds } from '../../domain/counter-needs.js';
import { loadCounters, writeCounters } from './counter-rows.js';
import { findEntries, insertEntries } from './entry-rows.js';
import { findDueHolds, findHolds, insertHolds, updateHolds } from './hold-rows.js';
import { findSettlements, insertBreaches, insertSettlements } from './settlement-rows.js';
import {
  nextRelease,
  orShardBusy,
  shardBusy,
  writeShards,
  type LockedShard,
  type ShardChange,
} from './shard-rows.js';

/** What one transaction decided. */
export interface TransactionReport {
  readonly outcomes: LedgerOutcome[];
  /** Holds whose money was given back on the way. */
  readonly released: readonly Hold[];
}

/** What a transaction is asked for, once its shards are locked. */
export interface TransactionOrder {
  readonly shards: ReadonlyMap<number, LockedShard>;
  readonly commands: readonly LedgerCommand[];
  /** The shard of a budget that exists, locked or not. */
  readonly shardNoOf: (tenant: string, budgetId: string) => number | undefined;
  /** Most overdue holds that are released first. */
  readonly maxReleases: number;
  /** Asked before the caps. @default nobody */
  readonly judge?: Judge;
}

/**
 * The work of one transaction under the locks of its shards: gives back what is due, decides the
 * commands in order, writes.
 */
export class LedgerTransaction {
  private constructor(
    private readonly tx: Queryable,
    private readonly order: TransactionOrder,
    /** The holds as they were read: what is written must still find them so. */
    private readonly asRead: ReadonlyMap<string, Hold>,
    private readonly holds: Map<string, Hold>,
    private readonly counters: CounterBook,
    private readonly book: Book,
    private readonly due: readonly Hold[],
  ) {}

  /** Reads, decides and writes; the caller commits. @throws ledger_inconsistent */
  static async run(tx: Queryable, order: TransactionOrder): Promise<TransactionReport> {
    const due = await findDue(tx, order);
    const asRead = await findHolds(tx, order.commands.flatMap(holdKeyOf));
    for (const hold of due) asRead.set(keyOf(hold.tenant, hold.id), hold);
    const settlements = await findSettlements(tx, order.commands.flatMap(settlementOf));
    const entries = await findEntries(tx, order.commands.flatMap(entryOf));
    const counters = await loadCounters(tx, needsOf(order, asRead, due));
    const holds = new Map(asRead);
    const pages = { holds, settlements, entries };
    const book = new Book(counters, pages, order.judge ?? new NoJudge());
    const work = new LedgerTransaction(tx, order, asRead, holds, counters, book, due);
    work.release();
    const outcomes = order.commands.map((command) => work.apply(command));
    await work.write();
    return { outcomes, released: due };
  }

  private release(): void {
    for (const hold of this.due) {
      const shard = this.order.shards.get(hold.shardNo);
      if (shard !== undefined) this.book.release(shard, hold);
    }
  }

  private apply(command: LedgerCommand): LedgerOutcome {
    const { actor } = command;
    if (command.kind === 'hold') {
      const { request } = command;
      const shardNo = this.order.shardNoOf(request.tenant, request.budgetId);
      if (this.isBusy(shardNo)) return { kind: 'hold', result: refuse(shardBusy()) };
      return { kind: 'hold', result: this.book.hold(this.shard(shardNo), request, actor) };
    }
    if (command.kind === 'entry') {
      const { request } = command;
      const shardNo = this.order.shardNoOf(request.tenant, request.budgetId);
      if (this.isBusy(shardNo)) return { kind: 'entry', result: refuse(shardBusy()) };
      return { kind: 'entry', result: this.book.enter(this.shard(shardNo), request, actor) };
    }
    const { request } = command;
    const shardNo = this.holds.get(keyOf(request.tenant, request.holdId))?.shardNo;
    if (this.isBusy(shardNo)) return { kind: 'settle', result: refuse(shardBusy()) };
    return { kind: 'settle', result: this.book.settle(this.shard(shardNo), request, actor) };
  }

  private shard(shardNo: number | undefined): LockedShard | undefined {
    return shardNo === undefined ? undefined : this.order.shards.get(shardNo);
  }

  /** Whether the shard exists but its lock was not to be had. */
  private isBusy(shardNo: number | undefined): boolean {
    return shardNo !== undefined && !this.order.shards.has(shardNo);
  }

  private async write(): Promise<void> {
    const changes = this.book.changes();
    await insertHolds(this.tx, changes.newHolds);
    await updateHolds(this.tx, changes.changedHolds, this.asRead);
    await insertSettlements(this.tx, changes.newSettlements);
    await insertEntries(this.tx, changes.newEntries);
    await insertBreaches(this.tx, changes.breaches);
    await writeCounters(this.tx, this.counters);
    await writeShards(this.tx, await this.shardChanges(changes));
    await appendAudit(this.tx, changes.audit).catch(orShardBusy);
  }

  private async shardChanges(changes: BookChanges): Promise<ShardChange[]> {
    const written: ShardChange[] = [];
    for (const shard of this.order.shards.values()) {
      if (changes.audit.length === 0 && !isReleasing(shard)) continue;
      written.push({
        shardNo: shard.shardNo,
        nowMs: shard.nowMs,
        nextReleaseMs: isReleasing(shard)
          ? await nextRelease(this.tx, shard.shardNo)
          : earliest(shard, changes.newHolds),
        isTreeChanged: [...changes.pausedBudgetNos].some((no) => shard.tree.get(no) !== undefined),
      });
    }
    return written;
  }
}

/** Whether the shard may hold money that is past its grace. */
function isReleasing(shard: LockedShard): boolean {
  return shard.nextReleaseMs !== undefined && shard.nextReleaseMs <= shard.nowMs;
}

function findDue(tx: Queryable, { shards, maxReleases }: TransactionOrder): Promise<Hold[]> {
  const releasing = [...shards.values()].filter(isReleasing);
  return releasing.length === 0 ? Promise.resolve([]) : findDueHolds(tx, releasing, maxReleases);
}

function needsOf(
  order: TransactionOrder,
  holds: ReadonlyMap<string, Hold>,
  due: readonly Hold[],
): CounterNeeds {
  const needs = new CounterNeeds();
  const addHold = (hold: Hold | undefined): void => {
    if (hold === undefined) return;
    const shard = order.shards.get(hold.shardNo);
    if (shard !== undefined) {
      needs.addDecided(shard.tenant, shard, hold.budgetNo, hold.decidedMs);
    }
  };
  for (const hold of due) addHold(hold);
  const seen = new Set<bigint>();
  for (const command of order.commands) {
    if (command.kind === 'settle') {
      addHold(holds.get(keyOf(command.request.tenant, command.request.holdId)));
      continue;
    }
    const { tenant, budgetId } = command.request;
    const shard = order.shards.get(order.shardNoOf(tenant, budgetId) ?? -1);
    const budgetNo = shard?.tree.find(budgetId)?.budgetNo;
    if (shard === undefined || budgetNo === undefined) continue;
    if (command.kind === 'entry' && command.request.atMs !== undefined) {
      const atMs = Math.min(command.request.atMs, shard.nowMs);
      needs.addDecided(tenant, shard, budgetNo, atMs);
    }
    if (seen.has(budgetNo)) continue;
    seen.add(budgetNo);
    needs.addNow(tenant, shard, budgetNo);
  }
  return needs;
}

function holdKeyOf({ kind, request }: LedgerCommand): { tenant: string; id: string }[] {
  const { tenant } = request;
  if (kind === 'entry') return [];
  return [{ tenant, id: kind === 'hold' ? request.id : request.holdId }];
}

function entryOf(command: LedgerCommand): EntryRequest[] {
  return command.kind === 'entry' ? [command.request] : [];
}

function settlementOf(command: LedgerCommand): SettlementRequest[] {
  return command.kind === 'settle' ? [command.request] : [];
}

function earliest(shard: LockedShard, holds: readonly Hold[]): number | undefined {
  let earliestMs = shard.nextReleaseMs;
  for (const hold of holds) {
    if (hold.shardNo !== shard.shardNo || hold.state !== 'held') continue;
    earliestMs = Math.min(earliestMs ?? Infinity, releaseMs(hold));
  }
  return earliestMs;
}
