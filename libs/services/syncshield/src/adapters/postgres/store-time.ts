import type { Queryable } from '@kiki/postgres';

/**
 * The only clock of the ledger, as an SQL expression of milliseconds since the epoch. Tests put an
 * offset into it, which every process that shares the store then sees at once.
 */
export const STORE_NOW = `floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint`;

/** Reads the store's clock; call it after the locks are taken. */
export async function storeNowMs(tx: Queryable, expression: string): Promise<number> {
  // The text of a named statement has to be the same everywhere.
  const options = expression === STORE_NOW ? { name: 'shield-now' } : {};
  const [row] = await tx.query<{ now_ms: bigint }>(`SELECT ${expression} AS now_ms`, [], options);
  return Number(row?.now_ms);
}
