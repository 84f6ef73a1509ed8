import type { BudgetTree, Cap } from '../../domain/budget.js';
import { CounterBook } from '../../domain/counter-book.js';
import type { LockedShard } from './shard-rows.js';

/** Most caps whose counters a process keeps; a shard comes and goes as a whole. */
const MAX_CAPS = 50_000;

interface KeptShard {
  /** `state_seq` of the shard that the counters belong to. */
  readonly stateSeq: bigint;
  readonly tree: BudgetTree;
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
      if (kept !== undefined && kept.stateSeq !== shard.stateSeq) this.drop(shard.shardNo, kept);
    }
  }

  /** What the transaction has written is stored: its shards are known as they are now. */
  committed(locked: ReadonlyMap<number, LockedShard>, written: ReadonlySet<number>): void {
    this.book.committed();
    for (const { shardNo, stateSeq, tree } of locked.values()) {
      const kept = this.shards.get(shardNo);
      if (kept !== undefined) this.caps -= kept.caps;
      this.shards.delete(shardNo);
      const caps = kept?.tree === tree ? kept.caps : capsOf(tree).length;
      this.shards.set(shardNo, {
        stateSeq: stateSeq + (written.has(shardNo) ? 1n : 0n),
        tree,
        caps,
      });
      this.caps += caps;
    }
    this.shrink();
  }

  /** The shards that were used longest ago go first. */
  private shrink(): void {
    for (const [shardNo, kept] of this.shards) {
      if (this.caps <= this.maxCaps) return;
      this.drop(shardNo, kept);
    }
  }

  private drop(shardNo: number, kept: KeptShard): void {
    this.book.forget(capsOf(kept.tree));
    this.shards.delete(shardNo);
    this.caps -= kept.caps;
  }
}

function capsOf(tree: BudgetTree): readonly Cap[] {
  return tree.budgets.flatMap(({ caps }) => caps);
}
