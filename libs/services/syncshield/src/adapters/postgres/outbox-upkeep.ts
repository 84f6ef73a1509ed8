import type { Queryable } from '@kiki/postgres';
import type { OutboxTotals } from '../../application/money-out/outbox.js';
import { STORE_NOW } from './store-time.js';
import { NEVER_MS } from './webhook-rows.js';

/** Rows that one statement deletes: none holds locks for long. */
const CHUNK = 5_000;
const DAY_MS = 86_400_000;

/** Counts what waits; what waits for a disabled webhook is not due. */
export async function outboxTotals(from: Queryable): Promise<OutboxTotals> {
  const [row] = await from.query<{ pending: bigint; dead: bigint; oldest_ms: bigint | null }>(
    `SELECT count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'dead') AS dead,
            ${STORE_NOW} - min(due_ms) FILTER (WHERE state = 'pending' AND due_ms < $1) AS oldest_ms
       FROM deliveries WHERE state <> 'delivered'`,
    [NEVER_MS],
  );
  return {
    pending: Number(row?.pending ?? 0),
    dead: Number(row?.dead ?? 0),
    oldestMs: Math.max(0, Number(row?.oldest_ms ?? 0)),
  };
}

/** Deletes old events whose deliveries are settled, and marks whose slot has been over for a day. */
export async function pruneEvents(tx: Queryable, olderThanMs: number): Promise<void> {
  const prune = (sql: string, ms: number): Promise<number> => tx.execute(sql, [ms, CHUNK]);
  while ((await prune(OLD_EVENTS, olderThanMs)) === CHUNK);
  while ((await prune(ENDED_MARKS, DAY_MS)) === CHUNK);
}

const OLD_EVENTS = `
  DELETE FROM events WHERE (tenant, seq) IN (
    SELECT e.tenant, e.seq FROM events e
     WHERE e.at_ms < ${STORE_NOW} - $1
       AND NOT EXISTS (SELECT FROM deliveries d
                        WHERE d.tenant = e.tenant AND d.seq = e.seq AND d.state = 'pending')
     ORDER BY e.at_ms LIMIT $2)`;

const ENDED_MARKS = `
  DELETE FROM threshold_marks WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM threshold_marks WHERE ends_ms < ${STORE_NOW} - $1 LIMIT $2))`;
