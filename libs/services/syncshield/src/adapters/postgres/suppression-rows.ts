import type { Queryable } from '@kiki/postgres';

/**
 * Those among the digests (`SubjectKeys.digest` of kind `customer` or `email`) whose subject must not be processed:
 * they objected, or asked not to be taken in again when they were erased.
 */
export async function suppressedAmong(
  from: Queryable,
  tenant: string,
  digests: readonly string[],
): Promise<Set<string>> {
  const rows = await from.query<{ digest: string }>(
    'SELECT digest FROM suppressions WHERE tenant = $1 AND digest = ANY($2::text[])',
    [tenant, digests],
    { name: 'shield-suppressed' },
  );
  return new Set(rows.map(({ digest }) => digest));
}

/** Adds digests; known ones stay as they are. */
export async function suppress(
  tx: Queryable,
  tenant: string,
  digests: readonly string[],
  by: { readonly requestId: string; readonly atMs: number },
): Promise<number> {
  return tx.execute(
    `INSERT INTO suppressions (tenant, digest, request_id, at_ms)
     SELECT $1, d, $3, $4 FROM unnest($2::text[]) AS u (d) ON CONFLICT DO NOTHING`,
    [tenant, digests, by.requestId, by.atMs],
  );
}
