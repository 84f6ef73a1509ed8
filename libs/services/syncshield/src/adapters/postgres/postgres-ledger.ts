import { DomainError, refuse, type Clock } from '@kiki/kernel';
import type { Database, Queryable } from '@kiki/postgres';
import {
  Ledger,
  MAX_BATCH,
  type LedgerCommand,
  type LedgerOutcome,
  type ReleaseReport,
} from '../../application/ledger.js';
import { releaseMs } from '../../domain/hold.js';
import { errors } from '../../errors.js';
import { LedgerTransaction } from './ledger-transaction.js';
import { Routes } from './routes.js';
import { untilKnown } from './settled-outcome.js';
import { lockFreeShards, lockShards, TreeCache, type ShardHead } from './shard-rows.js';
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
  /** SQL expression of the store's clock. @default STORE_NOW */
  readonly storeNow?: string;
}

/** Overdue holds that a batch gives back before it decides. */
const RELEASES_PER_BATCH = 256;
/** Overdue holds that one transaction of the sweeper gives back. */
const RELEASES_PER_SWEEP = 1_000;
/** Shards that one pass of the sweeper looks at. */
const SHARDS_PER_SWEEP = 32;

/**
 * The money path on PostgreSQL: one transaction per batch, the rows of its shards locked in a
 * fixed order.
 */
export class PostgresLedger extends Ledger {
  private readonly routes = new Routes();
  private readonly trees = new TreeCache();
  /**
   * Shards whose lock was waited for in vain; they are tried without waiting until it is free
   * again.
   */
  private readonly suspects = new Set<number>();
  private readonly storeNow: string;
  private readonly lockTimeoutMs: number;
  private readonly unknownForMs: number;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    options: PostgresLedgerOptions = {},
  ) {
    super();
    this.storeNow = options.storeNow ?? STORE_NOW;
    this.lockTimeoutMs = options.lockTimeoutMs ?? 2_000;
    this.unknownForMs = options.unknownForMs ?? 5_000;
  }

  override async decide(commands: readonly LedgerCommand[]): Promise<LedgerOutcome[]> {
    if (commands.length === 0) return [];
    if (commands.length > MAX_BATCH) throw errors.batch_too_large();
    try {
      return await this.untilKnown((tx) => this.decideIn(tx, commands));
    } catch (error) {
      if (!isShardBusy(error)) throw error;
      return this.decideAround(commands);
    }
  }

  override async releaseDue(): Promise<ReleaseReport> {
    const due = await this.database.query<{ shard_no: number }>(
      `SELECT shard_no FROM shards WHERE next_release_ms <= ${this.storeNow}
        ORDER BY next_release_ms LIMIT $1`,
      [SHARDS_PER_SWEEP],
    );
    let released = 0;
    let lagMs = 0;
    let hasMore = due.length === SHARDS_PER_SWEEP;
    for (const { shard_no: shardNo } of due) {
      const report = await this.untilKnown((tx) => this.releaseIn(tx, shardNo));
      released += report.released;
      lagMs = Math.max(lagMs, report.lagMs);
      hasMore ||= report.hasMore;
    }
    return { released, lagMs, hasMore };
  }

  /**
   * After a lock did not come in time: decides whatever is free, tenant by tenant, without
   * waiting. Only commands of what is still locked come back as shard_busy, so that a process that
   * hangs does not stop the budgets of others.
   */
  private async decideAround(commands: readonly LedgerCommand[]): Promise<LedgerOutcome[]> {
    const outcomes = new Map<LedgerCommand, LedgerOutcome>();
    for (const of of Map.groupBy(commands, ({ request }) => request.tenant).values()) {
      const decided = await this.untilKnown((tx) => this.decideIn(tx, of, true)).catch((error) => {
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

  private untilKnown<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const { clock, unknownForMs } = this;
    return untilKnown(() => this.database.transaction(work), { clock, unknownForMs });
  }

  private async decideIn(
    tx: Queryable,
    commands: readonly LedgerCommand[],
    isAround = false,
  ): Promise<LedgerOutcome[]> {
    await this.prepare(tx);
    const shardNos = await this.routes.shardsOf(tx, commands);
    if (isAround) for (const shardNo of shardNos) this.suspects.add(shardNo);
    const heads = await this.lock(tx, shardNos);
    const shards = await this.trees.viewsOf(tx, heads, await storeNowMs(tx, this.storeNow));
    const { outcomes } = await LedgerTransaction.run(tx, {
      shards,
      commands,
      shardNoOf: (tenant, budgetId) => this.routes.shardOf(tenant, budgetId),
      maxReleases: RELEASES_PER_BATCH,
    });
    return outcomes;
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
    await this.prepare(tx);
    const [head] = await lockFreeShards(tx, [shardNo]);
    if (head === undefined) return { released: 0, lagMs: 0, hasMore: false };
    const nowMs = await storeNowMs(tx, this.storeNow);
    const { released } = await LedgerTransaction.run(tx, {
      shards: await this.trees.viewsOf(tx, [head], nowMs),
      commands: [],
      shardNoOf: () => undefined,
      maxReleases: RELEASES_PER_SWEEP,
    });
    const lagMs = released.reduce((worst, hold) => Math.max(worst, nowMs - releaseMs(hold)), 0);
    return { released: released.length, lagMs, hasMore: released.length === RELEASES_PER_SWEEP };
  }

  /**
   * Bounds the wait for a lock, and keeps the planner on the indexes: its named statements are
   * planned once per connection, perhaps while the tables are still empty.
   */
  private async prepare(tx: Queryable): Promise<void> {
    await tx.query(
      `SELECT set_config('lock_timeout', $1, true), set_config('enable_seqscan', 'off', true),
              set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`,
      [`${this.lockTimeoutMs}ms`],
      { name: 'shield-prepare' },
    );
  }
}

function isShardBusy(error: unknown): error is DomainError {
  return DomainError.is(error) && error.code === 'shard_busy';
}
