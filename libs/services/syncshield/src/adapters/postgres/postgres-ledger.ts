import { DomainError, refuse, type Clock } from '@kiki/kernel';
import type { Database, OpenedRows, Queryable } from '@kiki/postgres';
import {
  Ledger,
  MAX_BATCH,
  type LedgerCommand,
  type LedgerOutcome,
  type ReleaseReport,
} from '../../application/ledger.js';
import type { Controls } from '../../domain/policy/controls.js';
import { errors } from '../../errors.js';
import { AssumedBatches } from './assumed-batches.js';
import { BudgetAlerts } from './budget-alerts.js';
import type { Judges } from './judges.js';
import { KeptCounters } from './kept-counters.js';
import { ledgerSettings } from './ledger-settings.js';
import { LedgerTransaction, type TransactionReport } from './ledger-transaction.js';
import { openedShards, openingOf } from './opened-shards.js';
import { Routes } from './routes.js';
import { untilKnown } from './settled-outcome.js';
import { ShardReleases } from './shard-releases.js';
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
  /** How long a decision whose COMMIT was not answered is asked for again, milliseconds. @default 5000 */
  readonly unknownForMs?: number;
  /** A process that hangs longer in a transaction loses its session and its locks, milliseconds. @default 2000 */
  readonly idleTimeoutMs?: number;
  /** How late a batch may be written that was decided on what is kept, milliseconds. @default 500 */
  readonly maxLateMs?: number;
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
/** Batches that look their ids up first after one has met an id again. */
const CAUTIOUS_BATCHES = 16;

/** The money path on PostgreSQL: one transaction, or one statement, per batch; shards are locked in a fixed order. */
export class PostgresLedger extends Ledger {
  private readonly routes = new Routes();
  private readonly trees = new TreeCache();
  private readonly alerts = new BudgetAlerts();
  /** Shards whose lock was waited for in vain; they are tried without waiting until it is free again. */
  private readonly suspects = new Set<number>();
  /** Undefined while a transaction works on them, and after it failed. */
  private counters: KeptCounters | undefined;
  /** Batches that still look their ids up before they decide. */
  private cautious = 0;
  private readonly assumed: AssumedBatches;
  private readonly storeNow: string;
  private readonly releases: ShardReleases;
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
    this.settings = ledgerSettings(options);
    this.unknownForMs = options.unknownForMs ?? 5_000;
    this.judges = options.judges;
    this.releases = new ShardReleases(database, {
      ...{ storeNow: this.storeNow, settings: this.settings, trees: this.trees },
      untilKnown: (run) => this.untilKnown(run),
    });
    this.assumed = new AssumedBatches(database, {
      ...{ clock, storeNow: this.storeNow, alerts: this.alerts },
      lockTimeoutMs: options.lockTimeoutMs ?? 2_000,
      maxLateMs: options.maxLateMs ?? 500,
      ...(options.judges === undefined ? {} : { judges: options.judges }),
    });
  }

  private readonly shardNoOf = (tenant: string, budgetId: string): number | undefined =>
    this.routes.shardOf(tenant, budgetId);

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

  override releaseDue(): Promise<ReleaseReport> {
    return this.releases.releaseDue();
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
    const isHoldsOnly = commands.every(({ kind }) => kind === 'hold');
    let isAllNew = --this.cautious < 0 && isHoldsOnly;
    return this.untilKnown(async () => {
      const shardNos = await this.routes.shardsOf(this.database, commands);
      if (isAround) for (const shardNo of shardNos) this.suspects.add(shardNo);
      try {
        const assumed = isHoldsOnly
          ? await this.decideAssumed(commands, shardNos, isAllNew)
          : undefined;
        return (assumed ?? (await this.decideRead(commands, shardNos, isAllNew))).outcomes;
      } catch (error) {
        if (isAllNew) this.cautious = CAUTIOUS_BATCHES;
        isAllNew = false;
        throw error;
      }
    });
  }

  /** Decides on what is kept, in one statement; undefined when something has to be read. */
  private async decideAssumed(
    commands: readonly LedgerCommand[],
    shardNos: readonly number[],
    isAllNew: boolean,
  ): Promise<TransactionReport | undefined> {
    const { counters, shardNoOf } = this;
    if (counters === undefined || !this.isPatient(shardNos)) return undefined;
    const batch = this.assumed.of({ commands, shardNos, counters, shardNoOf, isAllNew });
    if (batch === undefined) return undefined;
    this.counters = undefined;
    let report: TransactionReport | undefined;
    try {
      report = await this.assumed.decide(batch);
      return report;
    } finally {
      if (report === undefined) counters.undo(shardNos);
      else counters.committed(batch.assumptions.shards, report.written);
      this.counters = counters;
    }
  }

  private decideRead(
    commands: readonly LedgerCommand[],
    shardNos: readonly number[],
    isAllNew: boolean,
  ): Promise<TransactionReport> {
    const opening = this.isPatient(shardNos)
      ? openingOf(shardNos, this.judges?.tenantsOf(commands) ?? [], this.storeNow)
      : [];
    return this.transaction(opening, (tx, counters, opened) =>
      this.decideIn(tx, { commands, shardNos, counters, opened, isAllNew }),
    );
  }

  /** Whether none of the shards has kept a batch waiting lately. */
  private isPatient(shardNos: readonly number[]): boolean {
    return shardNos.every((shardNo) => !this.suspects.has(shardNo));
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
    this.assumed.noteNow(nowMs);
    const { shardNoOf } = this;
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
      return {
        heads,
        nowMs,
        ...(judges && { controls: await judges.opened(tx, judges.tenantsOf(commands), controls) }),
      };
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
}

function isShardBusy(error: unknown): error is DomainError {
  return DomainError.is(error) && error.code === 'shard_busy';
}
