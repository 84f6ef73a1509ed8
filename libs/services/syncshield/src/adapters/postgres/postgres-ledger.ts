import { DomainError, refuse, type Clock } from '@kiki/kernel';
import type { Database, OpenedRows, Queryable } from '@kiki/postgres';
import {
  Ledger,
  MAX_BATCH,
  type LedgerCommand,
  type LedgerOutcome,
  type ReleaseReport,
} from '../../application/ledger.js';
import { releaseMs } from '../../domain/hold.js';
import type { Controls } from '../../domain/policy/controls.js';
import { errors } from '../../errors.js';
import { BudgetAlerts } from './budget-alerts.js';
import { DueShards } from './due-shards.js';
import type { Judges } from './judges.js';
import { KeptCounters } from './kept-counters.js';
import { ledgerSettings } from './ledger-settings.js';
import { LedgerTransaction, type TransactionReport } from './ledger-transaction.js';
import { openedShards, openingOf } from './opened-shards.js';
import { Routes } from './routes.js';
import { untilKnown } from './settled-outcome.js';
import {
  lockFreeShards,
  lockShards,
  orShardBusy,
  TreeCache,
  type LockedShard,
  type ShardHead,
} from './shard-rows.js';
import { STORE_NOW, storeNowMs } from './store-time.js';

/** What the ledger is made of; everything has a default fit for production. */
export interface PostgresLedgerOptions {
  /** Longest wait for a shard that another process decides on, milliseconds. @default 2000 */
  readonly lockTimeoutMs?: number;
  /**
   * How long a decision whose COMMIT was not answered is asked for again, milliseconds. @default
   * 5000
   */
  readonly unknownForMs?: number;
  /**
   * A process that hangs within a transaction for longer loses its session and with it its locks,
   * milliseconds. @default 2000
   */
  readonly idleTimeoutMs?: number;
  /** SQL expression of the store's clock. @default STORE_NOW */
  readonly storeNow?: string;
  /** Kill switches and policies. @default nobody judges */
  readonly judges?: Judges;
}

/** What one attempt decides, and on what. */
interface Batch {
  readonly commands: readonly LedgerCommand[];
  readonly shardNos: readonly number[];
  /** What came with BEGIN; nothing when the shards are not locked yet. */
  readonly opened: OpenedRows;
  readonly counters: KeptCounters;
  readonly isAllNew: boolean;
}

interface LockedReport {
  readonly report: TransactionReport;
  readonly shards: ReadonlyMap<number, LockedShard>;
}

/** Overdue holds that a batch gives back before it decides. */
const RELEASES_PER_BATCH = 256;
/** Overdue holds that one transaction of the sweeper gives back. */
const RELEASES_PER_SWEEP = 1_000;
/** Batches that look their ids up first after one has met an id again. */
const CAUTIOUS_BATCHES = 16;
/** Shards that one pass of the sweeper looks at. */
const SHARDS_PER_SWEEP = 32;
const NOTHING_RELEASED: ReleaseReport = { released: 0, lagMs: 0, hasMore: false };

/**
 * The money path on PostgreSQL: one transaction per batch, the rows of its shards locked in a
 * fixed order.
 */
export class PostgresLedger extends Ledger {
  private readonly routes = new Routes();
  private readonly trees = new TreeCache();
  private readonly alerts = new BudgetAlerts();
  /**
   * Shards whose lock was waited for in vain; they are tried without waiting until it is free
   * again.
   */
  private readonly suspects = new Set<number>();
  /** Undefined while a transaction works on them, and after it failed. */
  private counters: KeptCounters | undefined;
  /** Batches that still look their ids up before they decide. */
  private cautious = 0;
  private readonly storeNow: string;
  private readonly dueShards: DueShards;
  private readonly settings: Readonly<Record<string, string>>;
  private readonly unknownForMs: number;
  private readonly judges: Judges | undefined;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    options: PostgresLedgerOptions = {},
  ) {
    super();
    this.storeNow = options.storeNow ?? STORE_NOW;
    this.dueShards = new DueShards(database, this.storeNow);
    this.settings = ledgerSettings(options);
    this.unknownForMs = options.unknownForMs ?? 5_000;
    this.judges = options.judges;
  }

  override async decide(commands: readonly LedgerCommand[]): Promise<LedgerOutcome[]> {
    if (commands.length === 0) return [];
    if (commands.length > MAX_BATCH) throw errors.batch_too_large();
    try {
      return await this.decided(commands);
    } catch (error) {
      if (!isShardBusy(error)) throw error;
      return this.decideAround(commands);
    }
  }

  override async releaseDue(): Promise<ReleaseReport> {
    const due = await this.dueShards.next(SHARDS_PER_SWEEP);
    let released = 0;
    let lagMs = 0;
    let hasMore = due.length === SHARDS_PER_SWEEP;
    let failure: Error | undefined;
    for (const shardNo of due) {
      const report = await this.release(shardNo).catch((error: unknown) => {
        if (!isOfOneShard(error)) throw error;
        failure ??= error as Error;
        return NOTHING_RELEASED;
      });
      released += report.released;
      lagMs = Math.max(lagMs, report.lagMs);
      hasMore ||= report.hasMore;
    }
    // Said once the others have got their money back.
    if (failure !== undefined) throw failure;
    return { released, lagMs, hasMore };
  }

  private release(shardNo: number): Promise<ReleaseReport> {
    const { database, settings } = this;
    return this.untilKnown(() =>
      database.transaction((tx) => this.releaseIn(tx, shardNo), { settings }).catch(orShardBusy),
    );
  }

  /**
   * After a lock did not come in time: decides whatever is free, tenant by tenant, without
   * waiting. Only commands of what is still locked come back as shard_busy, so that a process that
   * hangs does not stop the budgets of others.
   */
  private async decideAround(commands: readonly LedgerCommand[]): Promise<LedgerOutcome[]> {
    const outcomes = new Map<LedgerCommand, LedgerOutcome>();
    for (const of of Map.groupBy(commands, ({ request }) => request.tenant).values()) {
      const decided = await this.decided(of, true).catch((error) => {
        if (!isShardBusy(error)) throw error;
        return of.map(({ kind }): LedgerOutcome => ({ kind, result: refuse(error) }));
      });
      for (const [index, command] of of.entries()) {
        const outcome = decided[index];
        if (outcome !== undefined) outcomes.set(command, outcome);
      }
    }
    return commands.flatMap((command) => outcomes.get(command) ?? []);
  }

  /**
   * Decides in one transaction on the counters that are kept. The ids of holds are taken to be new
   * until one turns out not to be; then this batch, and some after it, look first.
   */
  private decided(commands: readonly LedgerCommand[], isAround = false): Promise<LedgerOutcome[]> {
    let isAllNew = --this.cautious < 0 && commands.every(({ kind }) => kind === 'hold');
    return this.untilKnown(async () => {
      const shardNos = await this.routes.shardsOf(this.database, commands);
      if (isAround) for (const shardNo of shardNos) this.suspects.add(shardNo);
      const isPatient = shardNos.every((shardNo) => !this.suspects.has(shardNo));
      const opening = isPatient
        ? openingOf(shardNos, this.judges?.tenantsOf(commands) ?? [], this.storeNow)
        : [];
      const report = await this.transaction(opening, (tx, counters, opened) =>
        this.decideIn(tx, { commands, shardNos, counters, opened, isAllNew }),
      ).catch((error: unknown) => {
        if (isAllNew) this.cautious = CAUTIOUS_BATCHES;
        isAllNew = false;
        throw error;
      });
      return report.outcomes;
    });
  }

  /** Counters stay only when it is known that the transaction is committed. */
  private async transaction(
    opening: readonly string[],
    work: (tx: Queryable, counters: KeptCounters, opened: OpenedRows) => Promise<LockedReport>,
  ): Promise<TransactionReport> {
    let counters = new KeptCounters();
    const { report, shards } = await this.database
      .transaction(
        (tx, opened) => {
          counters = this.counters ?? new KeptCounters();
          this.counters = undefined;
          return work(tx, counters, opened);
        },
        { settings: this.settings, opening },
      )
      .catch(orShardBusy);
    counters.committed(shards, report.written);
    this.counters = counters;
    return report;
  }

  private untilKnown<T>(run: () => Promise<T>): Promise<T> {
    const { clock, unknownForMs } = this;
    return untilKnown(run, { clock, unknownForMs });
  }

  private async decideIn(tx: Queryable, batch: Batch): Promise<LockedReport> {
    const { commands, counters, isAllNew } = batch;
    const { heads, nowMs, controls } = await this.opened(tx, batch).catch(orShardBusy);
    const shards = await this.trees.viewsOf(tx, heads, nowMs);
    counters.align(shards);
    const shardNoOf = (tenant: string, budgetId: string): number | undefined =>
      this.routes.shardOf(tenant, budgetId);
    const judge = await this.judges?.judgeOf(tx, controls, { shards, commands, shardNoOf });
    const report = await LedgerTransaction.run(tx, {
      ...{ shards, commands, shardNoOf, counters: counters.book, isAllNew, alerts: this.alerts },
      ...(judge === undefined ? {} : { judge }),
      maxReleases: RELEASES_PER_BATCH,
    });
    await judge?.write(tx);
    return { report, shards };
  }

  /** As it was found along with BEGIN, unless some of the shards are not to be waited for. */
  private async opened(
    tx: Queryable,
    { opened, shardNos, commands }: Batch,
  ): Promise<{ heads: ShardHead[]; nowMs: number; controls?: ReadonlyMap<string, Controls> }> {
    const { judges } = this;
    if (opened.length > 0) {
      const { heads, nowMs, controls } = openedShards(opened);
      return { heads, nowMs, ...(judges && { controls: await judges.opened(tx, controls) }) };
    }
    const [heads, nowMs, controls] = await Promise.all([
      this.lock(tx, shardNos),
      storeNowMs(tx, this.storeNow),
      judges?.locked(tx, commands),
    ]);
    return { heads, nowMs, ...(controls && { controls }) };
  }

  /** Waits for the locks of shards, but not for those that have kept a batch waiting lately. */
  private async lock(tx: Queryable, shardNos: readonly number[]): Promise<ShardHead[]> {
    const patient = shardNos.filter((shardNo) => !this.suspects.has(shardNo));
    const heads = await lockShards(tx, patient);
    if (patient.length === shardNos.length) return heads;
    const free = await lockFreeShards(
      tx,
      shardNos.filter((shardNo) => this.suspects.has(shardNo)),
    );
    for (const { shardNo } of free) this.suspects.delete(shardNo);
    return [...heads, ...free];
  }

  /** Skips a shard that somebody works on: a batch gives back what is due before it decides. */
  private async releaseIn(tx: Queryable, shardNo: number): Promise<ReleaseReport> {
    const [[head], nowMs] = await Promise.all([
      lockFreeShards(tx, [shardNo]),
      storeNowMs(tx, this.storeNow),
    ]);
    if (head === undefined) return NOTHING_RELEASED;
    const { released } = await LedgerTransaction.run(tx, {
      shards: await this.trees.viewsOf(tx, [head], nowMs),
      commands: [],
      shardNoOf: () => undefined,
      maxReleases: RELEASES_PER_SWEEP,
    });
    const lagMs = released.reduce((worst, hold) => Math.max(worst, nowMs - releaseMs(hold)), 0);
    return { released: released.length, lagMs, hasMore: released.length === RELEASES_PER_SWEEP };
  }
}

function isShardBusy(error: unknown): error is DomainError {
  return DomainError.is(error) && error.code === 'shard_busy';
}

/** Whether other shards may fare better: the store itself is there. */
function isOfOneShard(error: unknown): boolean {
  return isShardBusy(error) || !DomainError.is(error) || error.code === 'ledger_inconsistent';
}
