import type { Queryable, SqlValue } from '@kiki/postgres';
import type { AuditRecord } from '../../domain/audit-record.js';
import type { CounterChanges } from '../../domain/counter-book.js';
import type { Hold } from '../../domain/hold.js';
import { errors } from '../../errors.js';
import { AUDIT_BUNDLES, AUDIT_GIVEN, auditHeads, packedRecords } from './audit-rows.js';
import { counterColumns, INSERT_COUNTERS, UPDATE_COUNTERS, updateColumns } from './counter-rows.js';
import { holdColumns, INSERT_HOLDS } from './hold-rows.js';
import { shardBusy, shardColumns, WRITE_SHARDS, type ShardChange } from './shard-rows.js';

/** What every batch writes, whatever it decided. */
export interface BatchRows {
  readonly holds: readonly Hold[];
  readonly counters: CounterChanges;
  readonly shards: readonly ShardChange[];
  readonly audit: readonly AuditRecord[];
}

/** Parameters of the parts, in their order. */
const HOLDS = 24;
const UPDATES = 11;
const INSERTS = 12;
const SHARDS = 6;

// One statement: what it costs to send, start and answer one is paid once. The heads of the audit log
// are the last lock of a transaction, so they come after everything else has been written.
const WRITE = `
  WITH held AS (${placed(INSERT_HOLDS, 0)} RETURNING 1),
  updated AS (${placed(UPDATE_COUNTERS, HOLDS)} RETURNING 1),
  inserted AS (${placed(INSERT_COUNTERS, HOLDS + UPDATES)} RETURNING 1),
  written AS (${placed(WRITE_SHARDS, HOLDS + UPDATES + INSERTS)} RETURNING 1),
  done AS (
    SELECT (SELECT count(*) FROM held) AS holds, (SELECT count(*) FROM updated) AS counters,
           (SELECT count(*) FROM inserted) AS inserts, (SELECT count(*) FROM written) AS shards
  ),
  given AS (${placed(AUDIT_GIVEN, HOLDS + UPDATES + INSERTS + SHARDS)}),
  heads AS (${auditHeads('given, done WHERE done.holds >= 0')}),
  bundles AS (${placed(AUDIT_BUNDLES, HOLDS + UPDATES + INSERTS + SHARDS)})
  SELECT counters, shards FROM done`;

/**
 * Writes a batch: its new holds, the counters and shards as far as they are as they were read, and its audit leaves.
 * A unique violation means that another process was faster with the id of a hold.
 * @throws shard_busy, ledger_inconsistent
 */
export async function writeBatch(tx: Queryable, batch: BatchRows): Promise<void> {
  const { inserts, updates } = batch.counters;
  const values: SqlValue[] = [
    ...holdColumns(batch.holds),
    ...updateColumns(updates),
    ...counterColumns(inserts),
    ...shardColumns(batch.shards),
    ...packedRecords(batch.audit),
  ];
  const [row] = await tx.query<{ counters: bigint; shards: bigint }>(WRITE, values, {
    name: 'shield-write-batch',
  });
  if (Number(row?.shards) !== batch.shards.length) throw shardBusy();
  if (Number(row?.counters) !== updates.length) {
    throw errors.ledger_inconsistent('A counter has changed although its shard was locked.');
  }
}

/** A statement whose parameters come after `before` others. */
function placed(sql: string, before: number): string {
  return sql.replace(/\$(\d+)/g, (_, no: string) => `$${Number(no) + before}`);
}
