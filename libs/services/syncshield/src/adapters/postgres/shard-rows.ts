import type { DomainError } from '@kiki/kernel';
import { plainArray, type Queryable, type Row } from '@kiki/postgres';
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

/** A shard as it is stored. */
export interface ShardRow extends Row {
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
  is_meter: boolean;
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
  /** As they were read. */
  readonly stateSeq: bigint;
  readonly epoch: bigint;
}

const SHARD_COLUMNS = `shard_no, tenant, root_id, version, epoch, state_seq, clock_ms, next_release_ms`;

/** First key of the advisory locks of shards; the second is the shard's number. */
export const SHARD_LOCKS = 1_802_725_476;

// In the order of their numbers, in every transaction of every process: whoever waits, waits for
// the same next one. The rows are read by a later statement, whose snapshot is from after the wait.
const LOCK = `SELECT pg_advisory_xact_lock(${SHARD_LOCKS}, n) FROM unnest($1::int[]) AS k (n)`;
const LOCK_FREE = `
  SELECT n AS shard_no FROM unnest($1::int[]) AS k (n) WHERE pg_try_advisory_xact_lock(${SHARD_LOCKS}, n)`;
const READ = `SELECT ${SHARD_COLUMNS} FROM shards WHERE shard_no = ANY($1::int[])`;

const TREES = `
  SELECT b.shard_no, b.budget_no, b.id, b.parent_no, b.depth, b.name, b.currency, b.is_paused,
         b.pauses_on_external, c.cap_no, c.id AS cap_id, c.kind, c.is_meter, c.measure, c.limit_amount, c.time_zone,
         c.window_ms, c.burst, c.flex_percent
    FROM budgets b JOIN caps c ON c.budget_no = b.budget_no
   WHERE b.shard_no = ANY($1::int[])
   ORDER BY b.budget_no, c.position`;

/**
 * Writes shards by `shardColumns`: only if nobody has written to the shard since it was read, and whoever wrote may
 * still write.
 */
export const WRITE_SHARDS = `
  UPDATE shards s
     SET clock_ms = k.clock_ms, next_release_ms = k.next_release_ms, version = s.version + k.step,
         state_seq = s.state_seq + 1
    FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::int[], $5::bigint[], $6::bigint[])
         AS k (shard_no, clock_ms, next_release_ms, step, state_seq, epoch)
   WHERE s.shard_no = k.shard_no AND s.state_seq = k.state_seq AND s.epoch = k.epoch`;

/** A shard row before its instant and its tree are known. */
export type ShardHead = Omit<LockedShard, 'tree' | 'nowMs'> & { readonly clockMs: number };

/**
 * Locks shards until the end of the transaction. The lock and the read behind it share a round
 * trip. @throws shard_busy
 */
export async function lockShards(tx: Queryable, shardNos: readonly number[]): Promise<ShardHead[]> {
  if (shardNos.length === 0) return [];
  const [, rows] = await Promise.all([
    tx.execute(LOCK, [plainArray(shardNos)], { name: 'shield-lock-shards' }),
    tx.query<ShardRow>(READ, [plainArray(shardNos)], { name: 'shield-read-shards' }),
  ]).catch(orShardBusy);
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
  const [free, rows] = await Promise.all([
    tx.query<{ shard_no: number }>(LOCK_FREE, [plainArray(shardNos)]),
    tx.query<ShardRow>(READ, [plainArray(shardNos)]),
  ]);
  const locked = new Set(free.map(({ shard_no: shardNo }) => shardNo));
  return rows.filter((row) => locked.has(row.shard_no)).map(toHead);
}

/** Reads shards without locking them. */
export async function readShards(tx: Queryable, shardNos: readonly number[]): Promise<ShardHead[]> {
  return (await tx.query<ShardRow>(READ, [shardNos])).map(toHead);
}

/**
 * Writes the instant, the next release and the version of locked shards.
 * @throws shard_busy when somebody wrote to one of them although it was locked: by hand, or after
 * a new epoch began
 */
export async function writeShards(tx: Queryable, changes: readonly ShardChange[]): Promise<void> {
  if (changes.length === 0) return;
  const count = await tx.execute(WRITE_SHARDS, shardColumns(changes), {
    name: 'shield-write-shards',
  });
  if (count !== changes.length) throw shardBusy();
}

/** Changes of shards as WRITE_SHARDS takes them. */
export function shardColumns(changes: readonly ShardChange[]): string[] {
  return [
    plainArray(changes.map(({ shardNo }) => shardNo)),
    plainArray(changes.map(({ nowMs }) => nowMs)),
    plainArray(changes.map(({ nextReleaseMs }) => nextReleaseMs ?? null)),
    plainArray(changes.map(({ isTreeChanged }) => (isTreeChanged ? 1 : 0))),
    plainArray(changes.map(({ stateSeq }) => stateSeq)),
    plainArray(changes.map(({ epoch }) => epoch)),
  ];
}

/** The earliest release of what each of the shards still holds. */
export async function nextReleases(
  tx: Queryable,
  shardNos: readonly number[],
): Promise<Map<number, number>> {
  const rows = await tx.query<{ shard_no: number; release_ms: bigint | null }>(
    `SELECT k.shard_no, (SELECT min(h.release_ms) FROM holds h
                          WHERE h.shard_no = k.shard_no AND h.state = 'held') AS release_ms
       FROM unnest($1::int[]) AS k (shard_no)`,
    [plainArray(shardNos)],
    { name: 'shield-next-releases' },
  );
  return new Map(
    rows.flatMap((row) =>
      row.release_ms === null ? [] : [[row.shard_no, Number(row.release_ms)]],
    ),
  );
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
  const meter = caps.find(({ is_meter: isMeter }) => isMeter);
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
    ...(meter === undefined ? {} : { meterNo: Number(meter.cap_no) }),
  };
}

/** A stored row in the terms of a transaction. */
export function toHead(row: ShardRow): ShardHead {
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

const LOCK_TIMEOUT = '55P03';

/**
 * A lock that did not come in time, in terms of the ledger. @throws shard_busy, or the error as it
 * is
 */
export function orShardBusy(error: unknown): never {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  if (code !== LOCK_TIMEOUT && cause?.code !== LOCK_TIMEOUT) throw error;
  if (code === 'shard_busy') throw error;
  throw shardBusy(error);
}

/** Somebody else works on the shard for too long. */
export function shardBusy(cause?: unknown): DomainError {
  return errors.shard_busy(undefined, { retryAfterMs: 500 }, { cause });
}
