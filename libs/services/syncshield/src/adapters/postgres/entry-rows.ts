import type { Queryable, Row } from '@kiki/postgres';
import { entryKey, type Entry } from '../../domain/entry.js';

interface EntryRow extends Row {
  tenant: string;
  entry_id: string;
  shard_no: number;
  budget_no: bigint;
  budget_id: string;
  amount_micros: bigint;
  currency: string;
  source: Entry['source'];
  at_ms: bigint | null;
  counted_ms: bigint;
  recorded_ms: bigint;
  over_micros: bigint;
  is_pausing: boolean;
}

/** Selects entries as `toEntry` reads them; `b` is the budget, `e` the entry. */
export const ENTRY_COLUMNS = `e.tenant, e.entry_id, e.shard_no, e.budget_no, b.id AS budget_id, e.amount_micros,
  e.currency, e.source, e.at_ms, e.counted_ms, e.recorded_ms, e.over_micros, e.is_pausing`;

const FIND = `
  SELECT ${ENTRY_COLUMNS}
    FROM unnest($1::text[], $2::text[]) AS k (tenant, entry_id)
    JOIN entries e ON e.tenant = k.tenant AND e.entry_id = k.entry_id
    JOIN budgets b ON b.budget_no = e.budget_no`;

const INSERT = `
  INSERT INTO entries (tenant, entry_id, shard_no, budget_no, amount_micros, currency, source, at_ms, counted_ms,
                       recorded_ms, over_micros, is_pausing)
  SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
                       $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::boolean[])`;

/** The entries that exist, by `entryKey`. */
export async function findEntries(
  tx: Queryable,
  keys: readonly { readonly tenant: string; readonly entryId: string }[],
): Promise<Map<string, Entry>> {
  if (keys.length === 0) return new Map();
  const values = [keys.map(({ tenant }) => tenant), keys.map(({ entryId }) => entryId)];
  const rows = await tx.query<EntryRow>(FIND, values, { name: 'shield-find-entries' });
  return new Map(
    rows.map((row) => [entryKey({ tenant: row.tenant, entryId: row.entry_id }), toEntry(row)]),
  );
}

/** Writes new entries in order. */
export async function insertEntries(tx: Queryable, entries: readonly Entry[]): Promise<void> {
  if (entries.length === 0) return;
  const column = <T>(of: (entry: Entry) => T): T[] => entries.map(of);
  const values = [
    column(({ tenant }) => tenant),
    column(({ entryId }) => entryId),
    column(({ shardNo }) => shardNo),
    column(({ budgetNo }) => budgetNo),
    column(({ amountMicros }) => amountMicros),
    column(({ currency }) => currency),
    column(({ source }) => source),
    column(({ atMs }) => atMs ?? null),
    column(({ countedMs }) => countedMs),
    column(({ recordedMs }) => recordedMs),
    column(({ overMicros }) => overMicros),
    column(({ isPausing }) => isPausing),
  ];
  await tx.execute(INSERT, values, { name: 'shield-insert-entries' });
}

/** An entry as it is stored. */
export function toEntry(row: Row): Entry {
  const entry = row as EntryRow;
  return {
    tenant: entry.tenant,
    entryId: entry.entry_id,
    shardNo: entry.shard_no,
    budgetNo: entry.budget_no,
    budgetId: entry.budget_id,
    amountMicros: entry.amount_micros,
    currency: entry.currency,
    source: entry.source,
    ...(entry.at_ms === null ? {} : { atMs: Number(entry.at_ms) }),
    countedMs: Number(entry.counted_ms),
    recordedMs: Number(entry.recorded_ms),
    overMicros: entry.over_micros,
    isPausing: entry.is_pausing,
  };
}
