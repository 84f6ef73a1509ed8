import type { Queryable, Row } from '@kiki/postgres';
import type { Subject } from './subject-data.js';

/** A row as JSON: bigint as number where it is exact, else as text; bytes as base64. */
export function plainRow(row: Row): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  return value;
}

/** Rows of a table with the columns `tenant` and `customer_id` that are the subject's. */
export async function rowsOf(tx: Queryable, table: string, subject: Subject): Promise<unknown[]> {
  const rows = await tx.query(
    `SELECT * FROM ${table} WHERE tenant = $1 AND customer_id = ANY($2::text[])`,
    [subject.tenant, subject.customerIds],
  );
  return rows.map(plainRow);
}

/** Deletes the subject's rows of such a table. */
export function deleteOf(tx: Queryable, table: string, subject: Subject): Promise<number> {
  return tx.execute(`DELETE FROM ${table} WHERE tenant = $1 AND customer_id = ANY($2::text[])`, [
    subject.tenant,
    subject.customerIds,
  ]);
}
