import { DomainError } from '@kiki/kernel';
import type { Database, Queryable } from '@kiki/postgres';
import type { ReleaseReport } from '../../application/ledger.js';
import { releaseMs } from '../../domain/hold.js';
import { DueShards } from './due-shards.js';
import { LedgerTransaction } from './ledger-transaction.js';
import { lockFreeShards, orShardBusy, type TreeCache } from './shard-rows.js';
import { storeNowMs } from './store-time.js';

/** What holds are released with. */
export interface ShardReleasesOptions {
  /** SQL expression of the store's clock. */
  readonly storeNow: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly trees: TreeCache;
  /** Runs a transaction until its outcome is known. */
  readonly untilKnown: <T>(run: () => Promise<T>) => Promise<T>;
}

/** Overdue holds that one transaction of the sweeper gives back. */
const RELEASES_PER_SWEEP = 1_000;
/** Shards that one pass of the sweeper looks at. */
const SHARDS_PER_SWEEP = 32;
const NOTHING_RELEASED: ReleaseReport = { released: 0, lagMs: 0, hasMore: false };

/** Gives back the money of holds that are past their grace, shard by shard. */
export class ShardReleases {
  private readonly dueShards: DueShards;

  constructor(
    private readonly database: Database,
    private readonly options: ShardReleasesOptions,
  ) {
    this.dueShards = new DueShards(database, options.storeNow);
  }

  /** One pass over shards that are due; a failure of one of them is thrown once the others had their turn. */
  async releaseDue(): Promise<ReleaseReport> {
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
    const { settings, untilKnown } = this.options;
    return untilKnown(() =>
      this.database
        .transaction((tx) => this.releaseIn(tx, shardNo), { settings })
        .catch(orShardBusy),
    );
  }

  /** Skips a shard that somebody works on: a batch gives back what is due before it decides. */
  private async releaseIn(tx: Queryable, shardNo: number): Promise<ReleaseReport> {
    const { storeNow, trees } = this.options;
    const [[head], nowMs] = await Promise.all([
      lockFreeShards(tx, [shardNo]),
      storeNowMs(tx, storeNow),
    ]);
    if (head === undefined) return NOTHING_RELEASED;
    const { released } = await LedgerTransaction.run(tx, {
      shards: await trees.viewsOf(tx, [head], nowMs),
      commands: [],
      shardNoOf: () => undefined,
      maxReleases: RELEASES_PER_SWEEP,
    });
    const lagMs = released.reduce((worst, hold) => Math.max(worst, nowMs - releaseMs(hold)), 0);
    return { released: released.length, lagMs, hasMore: released.length === RELEASES_PER_SWEEP };
  }
}

/** Whether other shards may fare better: the store itself is there. */
function isOfOneShard(error: unknown): boolean {
  if (!DomainError.is(error)) return true;
  return error.code === 'shard_busy' || error.code === 'ledger_inconsistent';
}
