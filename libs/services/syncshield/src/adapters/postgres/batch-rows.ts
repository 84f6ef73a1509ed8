import {
  plainArray,
  textArray,
  type Database,
  type Queryable,
  type SqlValue,
} from '@kiki/postgres';
import type { AuditRecord } from '../../domain/audit-record.js';
import type { BookChanges } from '../../domain/book.js';
import type { CounterChanges } from '../../domain/counter-book.js';
import type { Hold } from '../../domain/hold.js';
import { errors } from '../../errors.js';
import { AUDIT_BUNDLES, AUDIT_GIVEN, auditHeads, packedRecords } from './audit-rows.js';
import { counterColumns, INSERT_COUNTERS, UPDATE_COUNTERS, updateColumns } from './counter-rows.js';
import { holdColumns, INSERT_HOLDS } from './hold-rows.js';
import {
  shardBusy,
  shardColumns,
  WRITE_SHARDS,
  type LockedShard,
  type ShardChange,
} from './shard-rows.js';
import { STORE_NOW } from './store-time.js';

/** What every batch writes, whatever it decided. */
export interface BatchRows {
  readonly holds: readonly Hold[];
  readonly counters: CounterChanges;
  readonly shards: readonly ShardChange[];
  readonly audit: readonly AuditRecord[];
}

/** What a batch was decided on without having read it. */
export interface Assumptions {
  readonly shards: ReadonlyMap<number, LockedShard>;
  /** Versions of what is in force, by tenant; sorted. */
  readonly controls: ReadonlyMap<string, bigint>;
  /** The instant of the decisions on the store's clock, and how late it may have become. */
  readonly nowMs: number;
  readonly maxLateMs: number;
  readonly lockTimeoutMs: number;
}

/** Parameters of the parts, and where they begin. */
const UPDATES_AT = 24;
const INSERTS_AT = UPDATES_AT + 11;
const SHARDS_AT = INSERTS_AT + 12;
const AUDIT_AT = SHARDS_AT + 6;
const ASSUMED_AT = AUDIT_AT + 5;

// One statement: what it costs to send, start and answer one is paid once. The heads of the audit log
// are the last lock of a transaction, so they come after everything else has been written.
const parts = (where: string, and: string): string => `
  held AS (${placed(INSERT_HOLDS, 0)} ${where} RETURNING 1),
  updated AS (${placed(UPDATE_COUNTERS, UPDATES_AT)} ${and} RETURNING 1),
  inserted AS (${placed(INSERT_COUNTERS, INSERTS_AT)} ${where} RETURNING 1),
  written AS (${placed(WRITE_SHARDS, SHARDS_AT)} ${and} RETURNING 1),
  done AS (
    SELECT (SELECT count(*) FROM held) AS holds, (SELECT count(*) FROM updated) AS counters,
           (SELECT count(*) FROM inserted) AS inserts, (SELECT count(*) FROM written) AS shards
  ),
  given AS (${placed(AUDIT_GIVEN, AUDIT_AT)}),
  heads AS (${auditHeads('given, done WHERE done.holds >= 0')}),
  bundles AS (${placed(AUDIT_BUNDLES, AUDIT_AT)})`;

const WRITE = `WITH ${parts('', '')} SELECT counters, shards FROM done`;

// The gate is a filter of no row: it is looked at before any, so that the locks come first.
const GATE = '(SELECT ok FROM opened)';
const writeAssumedSql = (storeNow: string): string => `
  WITH opened AS MATERIALIZED (
    SELECT a.ok, ${storeNow} AS now_ms
      FROM ${placed('assume_shards($1, $2, $3, $4, $5, $6, $7)', ASSUMED_AT)} AS a (ok)
  ), ${parts(`WHERE ${GATE}`, `AND ${GATE}`)}
  SELECT now_ms FROM done, opened
   WHERE ${placed('check_assumed($8 - counters, $9 - shards, now_ms - $10, $11)', ASSUMED_AT)}`;

/** The statement of the store's own clock; tests have clocks of their own. */
const WRITE_ASSUMED = writeAssumedSql(STORE_NOW);

/** SQLSTATEs of `assume_shards` and `check_assumed`. */
const HAS_MOVED = 'KS001';
const IS_INCONSISTENT = 'KS002';

/**
 * Writes a batch: its new holds, the counters and shards as far as they are as they were read, and its audit leaves.
 * A unique violation means that another process was faster with the id of a hold.
 * @throws shard_busy, ledger_inconsistent
 */
export async function writeBatch(tx: Queryable, batch: BatchRows): Promise<void> {
  const [row] = await tx.query<{ counters: bigint; shards: bigint }>(WRITE, batchValues(batch), {
    name: 'shield-write-batch',
  });
  if (Number(row?.shards) !== batch.shards.length) throw shardBusy();
  if (Number(row?.counters) !== batch.counters.updates.length) throw inconsistent();
}

/**
 * Locks, checks what was assumed, writes and commits a batch in one statement; returns the store's clock.
 * @throws ledger_inconsistent, commit_unknown; an error that `hasMoved` when an assumption did not hold
 */
export async function writeAssumed(
  database: Database,
  batch: BatchRows,
  storeNow: string,
  assumed: Assumptions,
): Promise<number> {
  const isNamed = storeNow === STORE_NOW;
  const [row] = await database
    .atomic<{ now_ms: bigint }>(
      isNamed ? WRITE_ASSUMED : writeAssumedSql(storeNow),
      [...batchValues(batch), ...assumedValues(batch, assumed)],
      isNamed ? { name: 'shield-write-assumed' } : {},
    )
    .catch((error: unknown) => {
      throw codeOf(error) === IS_INCONSISTENT ? inconsistent(error) : error;
    });
  return Number(row?.now_ms);
}

/** Whether the batch was undone because something was not as it was assumed. */
export function hasMoved(error: unknown): boolean {
  return codeOf(error) === HAS_MOVED;
}

/** Whether new holds, what they count and their audit leaves are all there is to write. */
export function isHoldsOnly(changes: BookChanges): boolean {
  const { changedHolds, newSettlements, newEntries, breaches, pausedBudgetNos } = changes;
  const others = changedHolds.length + newSettlements.length + newEntries.length + breaches.length;
  return others + pausedBudgetNos.size === 0;
}

function batchValues({ holds, counters, shards, audit }: BatchRows): SqlValue[] {
  return [
    ...holdColumns(holds),
    ...updateColumns(counters.updates),
    ...counterColumns(counters.inserts),
    ...shardColumns(shards),
    ...packedRecords(audit),
  ];
}

function assumedValues({ counters, shards }: BatchRows, assumed: Assumptions): SqlValue[] {
  const heads = [...assumed.shards.values()];
  return [
    assumed.lockTimeoutMs,
    plainArray(heads.map(({ shardNo }) => shardNo)),
    plainArray(heads.map(({ version }) => version)),
    plainArray(heads.map(({ stateSeq }) => stateSeq)),
    plainArray(heads.map(({ epoch }) => epoch)),
    textArray([...assumed.controls.keys()]),
    plainArray([...assumed.controls.values()]),
    ...[counters.updates.length, shards.length, assumed.nowMs, assumed.maxLateMs],
  ];
}

function inconsistent(cause?: unknown): Error {
  const message = 'A counter has changed although its shard was locked.';
  return errors.ledger_inconsistent(message, {}, cause === undefined ? {} : { cause });
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}

/** A statement whose parameters come after `before` others. */
function placed(sql: string, before: number): string {
  return sql.replace(/\$(\d+)/g, (_, no: string) => `$${Number(no) + before}`);
}
