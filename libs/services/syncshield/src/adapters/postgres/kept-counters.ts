import type { BudgetTree, Cap } from '../../domain/budget.js';
import { CounterBook } from '../../domain/counter-book.js';
import type { LockedShard, ShardChange } from './shard-rows.js';

/** Most caps whose counters a process keeps; a shard comes and goes as a whole. */
const MAX_CAPS = 50_000;

interface KeptShard {
  /** As the last transaction left it; its `stateSeq` is the one that the counters belong to. */
  readonly head: LockedShard;
  readonly caps: number;
}

/**
 * Counters in memory, good as long as nobody else writes to their shards: `shards.state_seq`,
 * read under the lock, says so. One transaction works on them at a time; whoever comes meanwhile
 * starts from nothing.
 */
export class KeptCounters {
  private readonly shards = new Map<number, KeptShard>();
  private caps = 0;

  constructor(
    readonly book = new CounterBook(),
    private readonly maxCaps = MAX_CAPS,
  ) {}

  /** Forgets what others have written to since; call it once the shards are locked and read. */
  align(locked: ReadonlyMap<number, LockedShard>): void {
    for (const shard of locked.values()) {
      const kept = this.shards.get(shard.shardNo);
      if (kept !== undefined && kept.head.stateSeq !== shard.stateSeq) {
        this.drop(shard.shardNo, kept);
      }
    }
  }

  /**
   * Shards as they will be found at `nowMs` if nobody else writes to them; undefined when one of them is not kept, or
   * has money to give back first.
   */
  assumed(shardNos: readonly number[], nowMs: number): Map<number, LockedShard> | undefined {
    const shards = new Map<number, LockedShard>();
    for (const shardNo of shardNos) {
      const head = this.shards.get(shardNo)?.head;
      if (head === undefined || (head.nextReleaseMs ?? Infinity) <= nowMs) return undefined;
      shards.set(shardNo, { ...head, nowMs: Math.max(head.nowMs, nowMs) });
    }
    return shards;
  }

  /** What the transaction has written is stored: its shards are known as they are now. */
  committed(
    locked: ReadonlyMap<number, LockedShard>,
    written: ReadonlyMap<number, ShardChange>,
  ): void {
    this.book.committed();
    for (const shard of locked.values()) {
      const { shardNo, tree } = shard;
      const kept = this.shards.get(shardNo);
      if (kept !== undefined) this.caps -= kept.caps;
      this.shards.delete(shardNo);
      const caps = kept?.head.tree === tree ? kept.caps : capsOf(tree).length;
      this.shards.set(shardNo, { head: headAfter(shard, written.get(shardNo)), caps });
      this.caps += caps;
    }
    this.shrink();
  }

  /** What a transaction did to shards has come to nothing: they are read anew. */
  undo(shardNos: readonly number[]): void {
    this.book.undo();
    for (const shardNo of shardNos) {
      const kept = this.shards.get(shardNo);
      if (kept !== undefined) this.drop(shardNo, kept);
    }
  }

  /** The shards that were used longest ago go first. */
  private shrink(): void {
    for (const [shardNo, kept] of this.shards) {
      if (this.caps <= this.maxCaps) return;
      this.drop(shardNo, kept);
    }
  }

  private drop(shardNo: number, kept: KeptShard): void {
    this.book.forget(capsOf(kept.head.tree));
    this.shards.delete(shardNo);
    this.caps -= kept.caps;
  }
}

/** The version that a changed tree has got belongs to no tree that is kept: it is read anew under the lock. */
function headAfter(shard: LockedShard, change: ShardChange | undefined): LockedShard {
  if (change === undefined) return shard;
  return {
    ...shard,
    version: shard.version + (change.isTreeChanged ? 1n : 0n),
    stateSeq: shard.stateSeq + 1n,
    nowMs: change.nowMs,
    nextReleaseMs: change.isTreeChanged ? -Infinity : change.nextReleaseMs,
  };
}

function capsOf(tree: BudgetTree): readonly Cap[] {
  return tree.budgets.flatMap(({ caps }) => caps);
}
