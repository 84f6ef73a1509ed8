import type { Clock } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';

/**
 * `rewritten`: no byte of a deleted row is left in its files. `vacuumed`: gone from the table, yet parts of pages may
 * hold bytes until they are used again. `deferred`: left to autovacuum.
 */
export type RewriteOutcome = 'rewritten' | 'vacuumed' | 'deferred';

/** Tables up to this size, with indexes, are written anew: less than a second under an exclusive lock. */
const REWRITE_BYTES = 64 * 1024 * 1024;
/** Larger ones up to this size are vacuumed without a lock that anybody waits for. */
const VACUUM_BYTES = 16 * REWRITE_BYTES;
/** Nobody waits longer than this for a lock of ours. */
const LOCK_MS = 200;
const ATTEMPTS = 100;
const PAUSE_MS = 100;
const SNAPSHOT_WAIT_MS = 30_000;
/** lock_not_available, deadlock_detected, internal_error ("tuple concurrently updated"). */
const RETRYABLE = new Set(['55P03', '40P01', 'XX000']);

/**
 * A deleted row stays while an older snapshot may still see it; waits up to half a minute for such snapshots to
 * end.
 */
export async function waitForOldSnapshots(database: Database, clock: Clock): Promise<void> {
  const [now] = await database.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
  const deadlineMs = clock.monotonicMs() + SNAPSHOT_WAIT_MS;
  for (;;) {
    const [row] = await database.query<{ older: bigint }>(
      `SELECT count(*) AS older FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
          AND backend_xmin IS NOT NULL AND age(backend_xmin) > age($1::xid8::xid)`,
      [now?.xid ?? '0'],
    );
    if (row?.older === 0n || clock.monotonicMs() > deadlineMs) return;
    await clock.sleep(PAUSE_MS);
  }
}

/** Writes one table anew where it is small enough. */
export async function rewriteTable(
  database: Database,
  clock: Clock,
  name: string,
): Promise<RewriteOutcome> {
  const [row] = await database.query<{ bytes: bigint }>(
    'SELECT pg_total_relation_size($1::regclass) AS bytes',
    [name],
  );
  const bytes = row?.bytes ?? 0n;
  if (bytes > BigInt(VACUUM_BYTES)) return 'deferred';
  if (bytes <= BigInt(REWRITE_BYTES)) {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      if (await vacuum(database, `VACUUM (FULL, ANALYZE) ${name}`)) return 'rewritten';
      await clock.sleep(PAUSE_MS);
    }
  }
  return (await vacuum(database, `VACUUM (ANALYZE) ${name}`)) ? 'vacuumed' : 'deferred';
}

/** False when others hold the table. */
async function vacuum(database: Database, sql: string): Promise<boolean> {
  const client = await database.pool.connect();
  try {
    await client.query(`SET lock_timeout = ${LOCK_MS}`);
    await client.query(sql);
    return true;
  } catch (error) {
    if (RETRYABLE.has((error as { code?: string }).code ?? '')) return false;
    throw error;
  } finally {
    // Not returned: the session has another lock timeout now.
    client.release(true);
  }
}
