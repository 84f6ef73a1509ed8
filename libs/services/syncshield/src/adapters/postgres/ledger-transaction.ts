import { refuse } from '@kiki/kernel';
import type { Queryable } from '@kiki/postgres';
import type { LedgerCommand, LedgerOutcome } from '../../application/ledger.js';
import { Book, type BookChanges } from '../../domain/book.js';
import type { CounterBook } from '../../domain/counter-book.js';
import type { EntryRequest } from '../../domain/entry.js';
import { keyOf, releaseMs, type Hold } from '../../domain/hold.js';
import { NoJudge, type Judge } from '../../domain/judge.js';
import { replayHold } from '../../domain/replay.js';
import type { SettlementRequest } from '../../domain/settlement.js';
import { isHoldsOnly, writeBatch, type BatchRows } from './batch-rows.js';
import type { BudgetAlerts } from './budget-alerts.js';
import { CounterNeeds } from '../../domain/counter-needs.js';
import { loadCounters } from './counter-rows.js';
import { findEntries, insertEntries } from './entry-rows.js';
import { findDueHolds, findHolds, updateHolds } from './hold-rows.js';
import { findSettlements, insertBreaches, insertSettlements } from './settlement-rows.js';
import {
  nextReleases,
  orShardBusy,
  shardBusy,
  type LockedShard,
  type ShardChange,
} from './shard-rows.js';

/** What one transaction decided. */
export interface TransactionReport {
  readonly outcomes: LedgerOutcome[];
  /** Holds whose money was given back on the way. */
  readonly released: readonly Hold[];
  /** What was written of shards, by their number. */
  readonly written: ReadonlyMap<number, ShardChange>;
}

/** What a transaction is asked for, once its shards are locked. */
export interface TransactionOrder {
  readonly shards: ReadonlyMap<number, LockedShard>;
  readonly commands: readonly LedgerCommand[];
  /** The shard of a budget that exists, locked or not. */
  readonly shardNoOf: (tenant: string, budgetId: string) => number | undefined;
  /** Most overdue holds that are released first. */
  readonly maxReleases: number;
  /** What is known of the counters of these shards. @default nothing */
  readonly counters?: CounterBook;
  /**
   * The ids of holds are taken to be new: a repeated one ends in a unique violation, and the
   * transaction has to be run again without this. @default false
   */
  readonly isAllNew?: boolean;
  /** Asked before the caps. @default nobody */
  readonly judge?: Judge;
  /** Tells what became of budgets. @default nobody */
  readonly alerts?: BudgetAlerts;
  /**
   * Writes the batch, and commits: nothing else may be written. What is still read then is good as long as the shards
   * stand as they were taken to. @default within the transaction
   */
  readonly writeAlone?: (rows: BatchRows) => Promise<void>;
}

/** More has to be written than new holds, their counters and their audit leaves; nothing was. */
export class NotInOneStatement extends Error {}

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
    const asRead = await findHolds(
      tx,
      order.commands.flatMap(order.isAllNew ? () => [] : holdKeyOf),
    );
    for (const hold of due) asRead.set(keyOf(hold.tenant, hold.id), hold);
    const settlements = await findSettlements(tx, order.commands.flatMap(settlementOf));
    const entries = await findEntries(tx, order.commands.flatMap(entryOf));
    const counters = await loadCounters(tx, needsOf(order, asRead, due), order.counters);
    const holds = new Map(asRead);
    const pages = { holds, settlements, entries };
    const book = new Book(counters, pages, order.judge ?? new NoJudge());
    const work = new LedgerTransaction(tx, order, asRead, holds, counters, book, due);
    work.release();
    const decided = order.commands.map((command) => work.apply(command));
    const outcomes = order.isAllNew ? await repeated(tx, order.commands, decided) : decided;
    const written = await work.write().catch(orShardBusy);
    return { outcomes, released: due, written };
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

  /** Everything goes to the server in one piece, unless something in it has to be asked for. */
  private async write(): Promise<ReadonlyMap<number, ShardChange>> {
    const { tx } = this;
    const changes = this.book.changes();
    const { alerts, shards: locked, writeAlone } = this.order;
    const toTell = await alerts?.find(tx, locked, changes, this.counters);
    if (writeAlone !== undefined) {
      if (toTell !== undefined || !isHoldsOnly(changes)) throw new NotInOneStatement();
      const shards = this.shardChanges(changes, NONE);
      await writeAlone(this.batchRows(changes, shards));
      return byNumber(shards);
    }
    await insertBreaches(tx, changes.breaches);
    const rows = Promise.all([
      updateHolds(tx, changes.changedHolds, this.asRead),
      insertEntries(tx, changes.newEntries),
    ]);
    const releasing = [...locked.values()].filter(isReleasing);
    if (releasing.length > 0 || toTell !== undefined) await rows;
    const releases =
      releasing.length > 0
        ? await nextReleases(
            tx,
            releasing.map(({ shardNo }) => shardNo),
          )
        : NONE;
    const shards = this.shardChanges(changes, releases);
    if (toTell !== undefined) await alerts?.append(tx, toTell);
    await Promise.all([
      rows,
      writeBatch(tx, this.batchRows(changes, shards)),
      // They refer to holds, which may be new themselves.
      insertSettlements(tx, changes.newSettlements),
    ]);
    return byNumber(shards);
  }

  private batchRows({ newHolds, audit }: BookChanges, shards: readonly ShardChange[]): BatchRows {
    return { holds: newHolds, counters: this.counters.changes(), shards, audit };
  }

  private shardChanges(changes: BookChanges, releases: ReadonlyMap<number, number>): ShardChange[] {
    const shards = [...this.order.shards.values()];
    const earliest = earliestReleases(changes.newHolds);
    return shards
      .filter((shard) => changes.audit.length > 0 || isReleasing(shard))
      .map((shard) => ({
        ...{ shardNo: shard.shardNo, stateSeq: shard.stateSeq, epoch: shard.epoch },
        nowMs: shard.nowMs,
        nextReleaseMs: earlier(
          isReleasing(shard) ? releases.get(shard.shardNo) : shard.nextReleaseMs,
          earliest.get(shard.shardNo),
        ),
        isTreeChanged: [...changes.pausedBudgetNos].some((no) => shard.tree.get(no) !== undefined),
      }));
  }
}

const NONE: ReadonlyMap<number, number> = new Map();

function byNumber(shards: readonly ShardChange[]): ReadonlyMap<number, ShardChange> {
  return new Map(shards.map((change) => [change.shardNo, change]));
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

/** A hold that was not looked up and is refused may be a repetition, whatever else is wrong with it now. */
async function repeated(
  tx: Queryable,
  commands: readonly LedgerCommand[],
  outcomes: LedgerOutcome[],
): Promise<LedgerOutcome[]> {
  const known = await findHolds(
    tx,
    commands.flatMap((command, at) =>
      outcomes[at]?.result.ok === false ? holdKeyOf(command) : [],
    ),
  );
  if (known.size === 0) return outcomes;
  return outcomes.map((outcome, at) => {
    const command = commands[at];
    if (command?.kind !== 'hold' || outcome.result.ok) return outcome;
    const hold = known.get(keyOf(command.request.tenant, command.request.id));
    return hold === undefined
      ? outcome
      : { kind: 'hold', result: replayHold(hold, command.request) };
  });
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

function earliestReleases(holds: readonly Hold[]): Map<number, number> {
  const earliest = new Map<number, number>();
  for (const hold of holds) {
    if (hold.state !== 'held') continue;
    const known = earliest.get(hold.shardNo) ?? Infinity;
    earliest.set(hold.shardNo, Math.min(known, releaseMs(hold)));
  }
  return earliest;
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
