import type { Queryable, Row } from '@kiki/postgres';
import type { DatedAttribute } from '../../domain/acquisition.js';
import type { DatedTransaction } from '../../domain/ledger-terms.js';

/** A row of customer_attributes. */
export interface AttributeRow extends Row {
  readonly customer_id: string;
  readonly name: string;
  readonly value: string;
  readonly day: number;
}

interface Claim {
  readonly row: DatedTransaction;
  readonly name: string;
  readonly value: string;
}

/**
 * Keeps what rows tell of how their customers came: of each name the value of the earliest transaction. A minimum, so
 * that rows count alike in whatever order and however often they come. Costs nothing where no row tells any.
 */
export async function keepAttributes(
  tx: Queryable,
  tenant: string,
  rows: readonly DatedTransaction[],
): Promise<void> {
  const claims = earliestClaims(rows);
  if (claims.length === 0) return;
  await tx.execute(
    `INSERT INTO customer_attributes AS known
            (tenant, customer_id, name, value, occurred_at, day, transaction_id)
     SELECT $1, customer, name, value, to_timestamp(at::double precision / 1000), day, id
       FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::integer[], $7::text[])
            AS rows (customer, name, value, at, day, id)
     ON CONFLICT (tenant, customer_id, name) DO UPDATE SET
            value = excluded.value, occurred_at = excluded.occurred_at, day = excluded.day,
            transaction_id = excluded.transaction_id
      WHERE (excluded.occurred_at, excluded.transaction_id, excluded.value)
          < (known.occurred_at, known.transaction_id, known.value)`,
    [
      tenant,
      claims.map(({ row }) => row.customerId),
      claims.map(({ name }) => name),
      claims.map(({ value }) => value),
      claims.map(({ row }) => row.occurredAtMs),
      claims.map(({ row }) => row.day),
      claims.map(({ row }) => row.transactionId),
    ],
  );
}

/** Of each customer and name the claim that the store would keep: a statement may touch a row only once. */
function earliestClaims(rows: readonly DatedTransaction[]): Claim[] {
  const first = new Map<string, Claim>();
  for (const row of rows) {
    if (row.acquisition === undefined) continue;
    for (const [name, value] of Object.entries(row.acquisition)) {
      const claim = { row, name, value };
      const key = `${name}\0${row.customerId}`;
      const known = first.get(key);
      if (known === undefined || isEarlier(claim, known)) first.set(key, claim);
    }
  }
  return [...first.values()];
}

/** Texts are compared by bytes of UTF-8, as the store does. */
function isEarlier(a: Claim, b: Claim): boolean {
  if (a.row.occurredAtMs !== b.row.occurredAtMs) return a.row.occurredAtMs < b.row.occurredAtMs;
  const byId = bytewise(a.row.transactionId, b.row.transactionId);
  return byId < 0 || (byId === 0 && bytewise(a.value, b.value) < 0);
}

function bytewise(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** What is known of some customers, by id. */
export async function readAttributes(
  tx: Queryable,
  tenant: string,
  ids: readonly string[],
): Promise<Map<string, DatedAttribute[]>> {
  const rows = await tx.query<AttributeRow>(
    `SELECT customer_id, name, value, day FROM customer_attributes
      WHERE tenant = $1 AND customer_id = ANY($2) ORDER BY customer_id, name`,
    [tenant, ids],
    { name: 'syncvalue_attributes' },
  );
  return byCustomer(rows);
}

/** The same of a range of customers, both included, up to a day; for who reads a whole log. */
export async function readAttributesBetween(
  tx: Queryable,
  tenant: string,
  range: { readonly from: string; readonly to: string; readonly endDay: number },
): Promise<Map<string, DatedAttribute[]>> {
  const rows = await tx.query<AttributeRow>(
    `SELECT customer_id, name, value, day FROM customer_attributes
      WHERE tenant = $1 AND customer_id BETWEEN $2 AND $3 AND day <= $4 ORDER BY customer_id, name`,
    [tenant, range.from, range.to, range.endDay],
  );
  return byCustomer(rows);
}

/** True where anything is known of how anybody came. */
export async function hasAttributes(tx: Queryable, tenant: string): Promise<boolean> {
  const [row] = await tx.query<{ found: boolean }>(
    'SELECT EXISTS (SELECT FROM customer_attributes WHERE tenant = $1) AS found',
    [tenant],
  );
  return row?.found ?? false;
}

function byCustomer(rows: readonly AttributeRow[]): Map<string, DatedAttribute[]> {
  const found = new Map<string, DatedAttribute[]>();
  for (const { customer_id: id, name, value, day } of rows) {
    const known = found.get(id);
    if (known === undefined) found.set(id, [{ name, value, day }]);
    else known.push({ name, value, day });
  }
  return found;
}
