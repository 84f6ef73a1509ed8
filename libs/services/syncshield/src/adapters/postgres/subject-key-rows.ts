import type { Queryable } from '@kiki/postgres';
import type { Tombstone } from '../../application/subject-keys.js';

/** Schema of the key store, in the service's own database or in one of its own. */
export const KEYSTORE_SCHEMA = 'kiki_subject_keys';

/** A wrapped key as it is stored. */
export interface KeyRow {
  readonly key_id: string;
  readonly lookup: Uint8Array;
  readonly kek_id: string;
  readonly wrapped: Uint8Array;
}

const COLUMNS = 'key_id::text, lookup, kek_id, wrapped';

/** Keys by what they are looked up by. */
export function readKeys(
  from: Queryable,
  tenant: string,
  lookups: readonly Uint8Array[],
): Promise<KeyRow[]> {
  const sql = `SELECT ${COLUMNS} FROM ${KEYSTORE_SCHEMA}.subject_keys
                WHERE tenant = $1 AND lookup = ANY($2::bytea[])`;
  return from.query<KeyRow & Record<string, unknown>>(sql, [tenant, lookups], {
    name: 'subject-keys-read',
  });
}

/** A key by its id. */
export async function readKeyById(
  from: Queryable,
  tenant: string,
  keyId: string,
): Promise<KeyRow | undefined> {
  const sql = `SELECT ${COLUMNS} FROM ${KEYSTORE_SCHEMA}.subject_keys
                WHERE tenant = $1 AND key_id = $2::uuid`;
  const [row] = await from.query<KeyRow & Record<string, unknown>>(sql, [tenant, keyId]);
  return row;
}

/** Adds keys; where another process was first, its key stays. */
export async function insertKeys(
  into: Queryable,
  tenant: string,
  rows: readonly KeyRow[],
  nowMs: number,
): Promise<void> {
  await into.execute(
    `INSERT INTO ${KEYSTORE_SCHEMA}.subject_keys
       (tenant, lookup, key_id, kek_id, wrapped, created_ms)
     SELECT $1, k.lookup, k.key_id, k.kek_id, k.wrapped, $2
       FROM unnest($3::bytea[], $4::uuid[], $5::text[], $6::bytea[])
            AS k (lookup, key_id, kek_id, wrapped)
      ORDER BY k.lookup
     ON CONFLICT DO NOTHING`,
    [
      tenant,
      nowMs,
      rows.map(({ lookup }) => lookup),
      rows.map(({ key_id: keyId }) => keyId),
      rows.map(({ kek_id: kekId }) => kekId),
      rows.map(({ wrapped }) => wrapped),
    ],
  );
}

/**
 * Removes a key and writes its tombstone, within a transaction. One erasure at a time: were the numbers of two to
 * become visible in another order than they were given, whoever saw the later one would never learn of the earlier.
 */
export async function deleteKey(
  tx: Queryable,
  key: { readonly tenant: string; readonly lookup: Uint8Array; readonly requestId: string },
  nowMs: number,
): Promise<Tombstone | undefined> {
  const { tenant, lookup, requestId } = key;
  await tx.execute(`SELECT pg_advisory_xact_lock(hashtextextended('kiki subject keys', 0))`);
  const [row] = await tx.query<{ key_id: string }>(
    `WITH gone AS (
       DELETE FROM ${KEYSTORE_SCHEMA}.subject_keys WHERE tenant = $1 AND lookup = $2
       RETURNING key_id
     )
     INSERT INTO ${KEYSTORE_SCHEMA}.tombstones (tenant, key_id, request_id, erased_ms)
     SELECT $1, key_id, $3, $4 FROM gone RETURNING key_id::text`,
    [tenant, lookup, requestId, nowMs],
  );
  return row && { keyId: row.key_id, requestId, erasedMs: nowMs };
}

/** Grows with every erasure, in whatever process. */
export async function lastEraseNo(from: Queryable): Promise<bigint> {
  const [row] = await from.query<{ last: bigint | null }>(
    `SELECT max(erase_no) AS last FROM ${KEYSTORE_SCHEMA}.tombstones`,
    [],
    { name: 'subject-keys-last-erase' },
  );
  return row?.last ?? 0n;
}

/** The wrapped pepper; the first process that comes stores the one it made. */
export async function pepperRow(
  database: Queryable,
  made: { readonly kekId: string; readonly wrapped: Uint8Array },
): Promise<{ readonly kek_id: string; readonly wrapped: Uint8Array }> {
  await database.execute(
    `INSERT INTO ${KEYSTORE_SCHEMA}.peppers (id, kek_id, wrapped) VALUES (1, $1, $2)
     ON CONFLICT DO NOTHING`,
    [made.kekId, made.wrapped],
  );
  const [row] = await database.query<{ kek_id: string; wrapped: Uint8Array }>(
    `SELECT kek_id, wrapped FROM ${KEYSTORE_SCHEMA}.peppers`,
  );
  if (row === undefined) throw new Error('the pepper that was just stored is gone');
  return row;
}

/** Replaces the wrapping of the pepper after a change of the key-encryption key. */
export async function rewrapPepper(
  database: Queryable,
  from: string,
  to: { readonly kekId: string; readonly wrapped: Uint8Array },
): Promise<void> {
  await database.execute(
    `UPDATE ${KEYSTORE_SCHEMA}.peppers SET kek_id = $2, wrapped = $3 WHERE kek_id = $1`,
    [from, to.kekId, to.wrapped],
  );
}

/** Keys still wrapped by another key than the current one. */
export function staleKeys(
  from: Queryable,
  kekId: string,
  limit: number,
): Promise<(KeyRow & { tenant: string })[]> {
  return from.query<KeyRow & { tenant: string } & Record<string, unknown>>(
    `SELECT tenant, ${COLUMNS} FROM ${KEYSTORE_SCHEMA}.subject_keys WHERE kek_id <> $1 LIMIT $2`,
    [kekId, limit],
  );
}

/** Stores keys wrapped anew. */
export async function rewrapKeys(into: Queryable, rows: readonly KeyRow[]): Promise<void> {
  await into.execute(
    `UPDATE ${KEYSTORE_SCHEMA}.subject_keys AS s SET kek_id = k.kek_id, wrapped = k.wrapped
       FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS k (key_id, kek_id, wrapped)
      WHERE s.key_id = k.key_id`,
    [
      rows.map(({ key_id: keyId }) => keyId),
      rows.map(({ kek_id: kekId }) => kekId),
      rows.map(({ wrapped }) => wrapped),
    ],
  );
}
