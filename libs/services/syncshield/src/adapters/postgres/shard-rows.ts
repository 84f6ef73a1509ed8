import type { DomainError } from '@kiki/kernel';
import type { Queryable, Row } from '@kiki/postgres';
import type { ShardView } from '../../domain/book.js';
import { BudgetTree, type Budget, type Cap } from '../../domain/budget.js';
import { errors } from '../../errors.js';

/** A shard whose row this transaction has locked, at the instant of its decisions. */
export interface LockedShard extends ShardView {
  readonly tenant: string;
  readonly rootId: string;
  readonly version: bigint;
  /** Who may write to it. */
  readonly epoch: bigint;
  /** Grows with every write to the shard. */
  readonly stateSeq: bigint;
  /** No held hold is released earlier; undefined when none is held. */
  readonly nextReleaseMs: number | undefined;
}

interface ShardRow extends Row {
  shard_no: number;
  tenant: string;
  root_id: string;
  version: bigint;
  epoch: bigint;
  state_seq: bigint;
  clock_ms: bigint;
  next_release_ms: bigint | null;
}

interface NodeRow extends Row {
  shard_no: number;
  budget_no: bigint;
  id: string;
  parent_no: bigint | null;
  depth: number;
  name: string;
  currency: string;
  is_paused: boolean;
  pauses_on_external: boolean;
  cap_no: bigint;
  cap_id: string;
  kind: Cap['kind'];
  measure: Cap['measure'];
  limit_amount: bigint;
  time_zone: string | null;
  window_ms: bigint | null;
  burst: bigint | null;
  flex_percent: number | null;
}

/** What a transaction writes about a shard. */
export interface ShardChange {
  readonly shardNo: number;
  readonly nowMs: number;
  readonly nextReleaseMs: number | undefined;
  readonly isTreeChanged: boolean;
}

const SHARD_COLUMNS = `shard_no, tenant, root_id, version, epoch, state_seq, clock_ms, next_release_ms`;

// In the order of their numbers, in every transaction of every process: whoever waits, waits for
// the same next one.
const LOCK = `
  SELECT ${SHARD_COLUMNS} FROM shards WHERE shard_no = ANY($1::int[]) ORDER BY shard_no FOR UPDATE`;
const LOCK_FREE = `
  SELECT ${SHARD_COLUMNS} FROM shards WHERE shard_no = ANY($1::int[]) ORDER BY shard_no FOR UPDATE SKIP LOCKED`;
const READ = `SELECT ${SHARD_COLUMNS} FROM shards WHERE shard_no = ANY($1::int[])`;

const TREES = `
  SELECT b.shard_no, b.budget_no, b.id, b.parent_no, b.depth, b.name, b.currency, b.is_paused,
         b.pauses_on_external, c.cap_no, c.id AS cap_id, c.kind, c.measure, c.limit_amount, c.time_zone,
         c.window_ms, c.burst, c.flex_percent
    FROM budgets b JOIN caps c ON c.budget_no = b.budget_no
   WHERE b.shard_no = ANY($1::int[])
   ORDER BY b.budget_no, c.position`;

const WRITE = `
  UPDATE shards s
     SET clock_ms = k.clock_ms, next_release_ms = k.next_release_ms, version = s.version + k.step,
         state_seq = s.state_seq + 1
    FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::int[]) AS k (shard_no, clock_ms, next_release_ms, step)
   WHERE s.shard_no = k.shard_no`;

/** A shard row before its instant and its tree are known. */
export type ShardHead = Omit<LockedShard, 'tree' | 'nowMs'> & { readonly clockMs: number };

/** Locks shards until the end of the transaction. @throws shard_busy */
export async function lockShards(tx: Queryable, shardNos: readonly number[]): Promise<ShardHead[]> {
  if (shardNos.length === 0) return [];
  const rows = await tx
    .query<ShardRow>(LOCK, [shardNos], { name: 'shield-lock-shards' })
    .catch(orShardBusy);
  return rows.map(toHead);
}

/**
 * Locks those of the shards that nobody works on; never waits, so it may come after `lockShards`.
 */
export async function lockFreeShards(
  tx: Queryable,
  shardNos: readonly number[],
): Promise<ShardHead[]> {
  if (shardNos.length === 0) return [];
  return (await tx.query<ShardRow>(LOCK_FREE, [shardNos])).map(toHead);
}

/** Reads shards without locking them. */
export async function readShards(tx: Queryable, shardNos: readonly number[]): Promise<ShardHead[]> {
  return (await tx.query<ShardRow>(READ, [shardNos])).map(toHead);
}

/** Writes the instant, the next release and the version of locked shards. */
export async function writeShards(tx: Queryable, changes: readonly ShardChange[]): Promise<void> {
  if (changes.length === 0) return;
  await tx.execute(
    WRITE,
    [
      changes.map(({ shardNo }) => shardNo),
      changes.map(({ nowMs }) => nowMs),
      changes.map(({ nextReleaseMs }) => nextReleaseMs ?? null),
      changes.map(({ isTreeChanged }) => (isTreeChanged ? 1 : 0)),
    ],
    { name: 'shield-write-shards' },
  );
}

/** The earliest release of what a shard still holds. */
export async function nextRelease(tx: Queryable, shardNo: number): Promise<number | undefined> {
  const [row] = await tx.query<{ release_ms: bigint | null }>(
    `SELECT min(release_ms) AS release_ms FROM holds WHERE shard_no = $1 AND state = 'held'`,
    [shardNo],
    { name: 'shield-next-release' },
  );
  return row?.release_ms == null ? undefined : Number(row.release_ms);
}

/** Most shards whose trees a process keeps. */
const MAX_TREES = 10_000;

/**
 * Trees by shard and version: read again only after they changed. Call it after the shards are
 * locked.
 */
export class TreeCache {
  private readonly trees = new Map<
    number,
    { readonly version: bigint; readonly tree: BudgetTree }
  >();

  /**
   * Completes shard rows with their trees and the instant, which never runs backwards within a
   * shard.
   */
  async viewsOf(
    tx: Queryable,
    heads: readonly ShardHead[],
    storeNowMs: number,
  ): Promise<Map<number, LockedShard>> {
    if (this.trees.size > MAX_TREES) this.trees.clear();
    const stale = heads.filter((head) => this.trees.get(head.shardNo)?.version !== head.version);
    if (stale.length > 0) await this.load(tx, stale);
    return new Map(
      heads.map(({ clockMs, ...head }) => {
        const tree = this.trees.get(head.shardNo)?.tree ?? new BudgetTree([]);
        return [head.shardNo, { ...head, tree, nowMs: Math.max(clockMs, storeNowMs) }];
      }),
    );
  }

  private async load(tx: Queryable, heads: readonly ShardHead[]): Promise<void> {
    const rows = await tx.query<NodeRow>(TREES, [heads.map(({ shardNo }) => shardNo)]);
    const grouped = Map.groupBy(rows, (row) => row.shard_no);
    for (const { shardNo, version } of heads) {
      this.trees.set(shardNo, { version, tree: treeOf(grouped.get(shardNo) ?? []) });
    }
  }
}

function treeOf(rows: readonly NodeRow[]): BudgetTree {
  const nodes = [...Map.groupBy(rows, (row) => row.budget_no).values()];
  return new BudgetTree(nodes.flatMap((of) => (of[0] === undefined ? [] : [toBudget(of[0], of)])));
}

function toBudget(node: NodeRow, caps: readonly NodeRow[]): Budget {
  return {
    budgetNo: node.budget_no,
    id: node.id,
    parentNo: node.parent_no ?? undefined,
    depth: node.depth,
    name: node.name,
    currency: node.currency,
    isPaused: node.is_paused,
    pausesOnExternal: node.pauses_on_external,
    caps: caps.map((row) => ({
      capNo: Number(row.cap_no),
      id: row.cap_id,
      kind: row.kind,
      measure: row.measure,
      limit: row.limit_amount,
      ...(row.time_zone === null ? {} : { timeZone: row.time_zone }),
      ...(row.window_ms === null ? {} : { windowMs: Number(row.window_ms) }),
      ...(row.burst === null ? {} : { burst: row.burst }),
      ...(row.flex_percent === null ? {} : { flexPercent: row.flex_percent }),
    })),
  };
}

function toHead(row: ShardRow): ShardHead {
  return {
    shardNo: row.shard_no,
    tenant: row.tenant,
    rootId: row.root_id,
    version: row.version,
    epoch: row.epoch,
    stateSeq: row.state_seq,
    clockMs: Number(row.clock_ms),
    nextReleaseMs: row.next_release_ms === null ? undefined : Number(row.next_release_ms),
  };
}

/**
 * A lock that did not come in time, in terms of the ledger. @throws shard_busy, or the error as it
 * is
 */
export function orShardBusy(error: unknown): never {
  if ((error as { code?: unknown }).code !== '55P03') throw error;
  throw shardBusy(error);
}

/** Somebody else works on the shard for too long. */
export function shardBusy(cause?: unknown): DomainError {
  return errors.shard_busy(undefined, { retryAfterMs: 500 }, { cause });
}
