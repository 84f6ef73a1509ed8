import type { Queryable } from '@kiki/postgres';
import { errors } from '../../errors.js';

/** One lock per tenant, apart from every other advisory lock of the schema. */
const KEY = `hashtextextended('kiki:shield:control:' || t.tenant, 0)`;

const LOCK_SHARED = `
  SELECT pg_advisory_xact_lock_shared(${KEY}) FROM unnest($1::text[]) AS t (tenant)`;
const LOCK_ALONE = `SELECT pg_advisory_xact_lock(${KEY}) FROM (VALUES ($1::text)) AS t (tenant)`;

// A process that hangs within a batch keeps the lock: its session is ended, so that its COMMIT
// fails. Batches that run are younger than that; one that is ended all the same is asked again
// under its ids.
const END_HOLDERS = `
  SELECT pg_terminate_backend(l.pid)
    FROM pg_locks l
    JOIN pg_stat_activity a ON a.pid = l.pid
   CROSS JOIN LATERAL (SELECT ${KEY} AS key FROM (VALUES ($1::text)) AS t (tenant)) AS k
   WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND l.mode = 'ShareLock'
     AND l.database = a.datid AND a.datname = current_database() AND l.pid <> pg_backend_pid()
     AND l.classid::bigint = (k.key >> 32) & 4294967295 AND l.objid::bigint = k.key & 4294967295
     AND a.xact_start < clock_timestamp() - make_interval(secs => $2::double precision / 1000)`;

/**
 * For what comes after the lock, such as the head of the audit log: longer than a session may hang within a
 * transaction of the ledger. Nothing is approved meanwhile.
 */
const REST_TIMEOUT = '5000ms';
/** How often a change ends what is in its way before it gives up. */
const MAX_ROUNDS = 5;

/**
 * Keeps what is in force for tenants, which come sorted, from changing until the end of the transaction. What is in
 * force must be read in a later statement: this one's snapshot may be from before it waited.
 */
export async function lockControls(tx: Queryable, tenants: readonly string[]): Promise<void> {
  await tx.query(LOCK_SHARED, [tenants], { name: 'shield-lock-controls' });
}

/**
 * Waits until no batch decides by what is in force for the tenant; holders older than `patienceMs`
 * lose their session, so that a process that hangs does not keep a change from taking effect.
 * @throws control_busy
 */
export async function lockControlAlone(
  tx: Queryable,
  tenant: string,
  patienceMs: number,
): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    await tx.execute('SAVEPOINT control');
    await tx.query(`SELECT set_config('lock_timeout', $1, true)`, [`${patienceMs}ms`]);
    try {
      await tx.query(LOCK_ALONE, [tenant]);
      await tx.query(`SELECT set_config('lock_timeout', $1, true)`, [REST_TIMEOUT]);
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== '55P03') throw error;
      await tx.execute('ROLLBACK TO SAVEPOINT control');
      await tx.query(END_HOLDERS, [tenant, patienceMs]);
    }
  }
  throw errors.control_busy(undefined, { retryAfterMs: 500 });
}
