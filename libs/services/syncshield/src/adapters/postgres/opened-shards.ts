import { plainArray, sqlLiteral, textArray, type OpenedRows, type Row } from '@kiki/postgres';
import { toHead, type ShardHead, type ShardRow } from './shard-rows.js';

/**
 * Locks and reads shards, and what is in force for tenants, along with BEGIN (`opening` of a transaction), and reads
 * the store's clock after that: one round trip. Both come sorted.
 */
export function openingOf(
  shardNos: readonly number[],
  tenants: readonly string[],
  storeNow: string,
): string[] {
  const names = sqlLiteral(textArray(tenants));
  return [
    `SELECT * FROM open_shards('${plainArray(shardNos)}', ${names})`,
    `SELECT ${storeNow} AS now_ms`,
  ];
}

/** What a transaction has found when it was opened so. */
export interface Opened {
  readonly heads: ShardHead[];
  /** Rows of tenants that something is in force for. */
  readonly controls: Row[];
  readonly nowMs: number;
}

/** Reads what `openingOf` has found. */
export function openedShards([rows = [], clock = []]: OpenedRows): Opened {
  const isShard = (row: Row): row is ShardRow => row['shard_no'] !== null;
  return {
    heads: rows.filter(isShard).map(toHead),
    controls: rows.filter((row) => !isShard(row)),
    nowMs: Number(clock[0]?.['now_ms']),
  };
}
