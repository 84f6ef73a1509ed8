import type { Queryable } from '@kiki/postgres';

/** Holds looked at by one statement: none of them runs long, however many there are. */
const PAGE = 20_000;

/**
 * Ids of a tenant's holds that fulfil a condition on `purpose`, `reference` and `context`; all are looked at, page by
 * page. @param condition SQL over the columns with the parameters from $3 on
 */
export async function holdsWhere(
  tx: Queryable,
  tenant: string,
  condition: string,
  values: readonly (string | readonly string[])[],
): Promise<string[]> {
  const found: string[] = [];
  for (let after = ''; ;) {
    const [row] = await tx.query<{ last: string | null; hits: string[] | null }>(
      `WITH page AS (
         SELECT id, purpose, reference, context FROM holds
          WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT ${PAGE}
       )
       SELECT max(id) AS last, array_agg(id) FILTER (WHERE ${condition}) AS hits FROM page`,
      [tenant, after, ...values],
    );
    found.push(...(row?.hits ?? []));
    if (row?.last == null) return found;
    after = row.last;
  }
}

/** A text that is an identifier, or has a long one anywhere: short ids such as 42 are in many texts. */
const NAMES = (column: string): string =>
  `EXISTS (SELECT FROM unnest($3::text[]) AS q (text) WHERE ${column} = q.text
            OR (length(q.text) >= 6 AND position(q.text IN ${column}) > 0))`;

/** Replaces purposes and references that name somebody, although none should. */
export async function eraseHoldTexts(
  tx: Queryable,
  tenant: string,
  identifiers: readonly string[],
): Promise<number> {
  const condition = `${NAMES('purpose')} OR ${NAMES('reference')}`;
  const ids = await holdsWhere(tx, tenant, condition, [identifiers]);
  if (ids.length === 0) return 0;
  return tx.execute(
    `UPDATE holds SET purpose = CASE WHEN purpose IS NULL THEN NULL ELSE 'erased' END,
            reference = CASE WHEN reference IS NULL THEN NULL ELSE 'erased' END, is_redacted = true
      WHERE tenant = $1 AND id = ANY($2::text[])`,
    [tenant, ids],
  );
}
