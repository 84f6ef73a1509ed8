import { plainArray, rareArray, textArray, type Queryable, type Row } from '@kiki/postgres';
import type { Cap } from '../../domain/budget.js';
import type { Tail } from '../../domain/cap-counter.js';
import { CounterBook, type CounterRow, type CounterUpdate } from '../../domain/counter-book.js';
import type { CounterNeeds, CounterWant } from '../../domain/counter-needs.js';

interface StoredRow extends Row {
  tenant: string;
  cap_no: bigint;
  slot: bigint;
  spent: bigint;
  held: bigint;
  limit_amount: bigint;
  excess: bigint;
  mark: bigint;
  part: bigint;
  tail_mark: bigint;
  tail_spent: bigint;
  tail_held: bigint;
}

const COLUMNS = `c.tenant, c.cap_no, c.slot, c.spent, c.held, c.limit_amount, c.excess, c.mark, c.part,
  c.tail_mark, c.tail_spent, c.tail_held`;

const LOAD = `
  SELECT ${COLUMNS}
    FROM unnest($1::bigint[], $2::bigint[]) AS k (cap_no, slot)
    JOIN cap_counters c ON c.cap_no = k.cap_no AND c.slot = k.slot`;

// Buckets that left a window since its live row was written, and the place of the newest; none when all of them did.
const LOAD_FALLEN = `
  SELECT ${COLUMNS}
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k (cap_no, before, size)
    JOIN cap_counters l ON l.cap_no = k.cap_no AND l.slot = -1 AND k.before - l.mark < k.size
    JOIN cap_counters c ON c.cap_no = k.cap_no
     AND c.slot >= 0 AND (c.mark >= l.mark AND c.mark < k.before OR c.slot = l.tail_mark % k.size)`;

/** Inserts counters; `counterColumns` are its parameters. */
export const INSERT_COUNTERS = `
  INSERT INTO cap_counters (tenant, cap_no, slot, spent, held, limit_amount, excess, mark, part, tail_mark,
                            tail_spent, tail_held)
  SELECT k.tenant, k.cap_no, k.slot, k.spent, k.held, k.limit_amount, k.excess, k.mark, k.part,
         coalesce(k.tail_mark, -1), coalesce(k.tail_spent, 0), coalesce(k.tail_held, 0)
    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
         AS k (tenant, cap_no, slot, spent, held, limit_amount, excess, mark, part, tail_mark, tail_spent, tail_held)`;

/**
 * Adds differences to counters, whose columns are `updateColumns`. Differences, not values: counters read before
 * somebody else's change would break the CHECK instead of hiding it. The limit is what the administration has set.
 */
export const UPDATE_COUNTERS = `
  UPDATE cap_counters c
     SET spent = c.spent + k.spent, held = c.held + k.held, excess = c.excess + coalesce(k.excess, 0),
         mark = k.mark, part = coalesce(k.part, 0), tail_mark = coalesce(k.tail_mark, -1),
         tail_spent = coalesce(k.tail_spent, 0), tail_held = coalesce(k.tail_held, 0)
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
         AS k (cap_no, slot, spent, held, mark, was_mark, excess, part, tail_mark, tail_spent, tail_held)
   WHERE c.cap_no = k.cap_no AND c.slot = k.slot AND c.mark = k.was_mark`;

/** Reads the counters that a transaction needs, as far as the book does not know them. */
export async function loadCounters(
  tx: Queryable,
  needs: CounterNeeds,
  book = new CounterBook(),
): Promise<CounterBook> {
  const wants = needs.wants(book);
  if (wants.length === 0) return book;
  const caps = new Map<number, Cap>(wants.map(({ cap }) => [cap.capNo, cap]));
  const rows = await Promise.all([rowsOf(tx, wants), fallenRows(tx, wants)]);
  for (const row of rows.flat()) {
    const cap = caps.get(Number(row.cap_no));
    if (cap !== undefined) book.load(cap, toCounter(row));
  }
  for (const { tenant, cap, slots } of wants) book.of(tenant, cap).loaded(slots);
  return book;
}

async function rowsOf(tx: Queryable, wants: readonly CounterWant[]): Promise<StoredRow[]> {
  const keys = wants.flatMap(({ cap, slots }) => slots.map((slot) => ({ capNo: cap.capNo, slot })));
  if (keys.length === 0) return [];
  return tx.query<StoredRow>(
    LOAD,
    [plainArray(keys.map(({ capNo }) => capNo)), plainArray(keys.map(({ slot }) => slot))],
    { name: 'shield-load-counters' },
  );
}

async function fallenRows(tx: Queryable, wants: readonly CounterWant[]): Promise<StoredRow[]> {
  const fallen = wants.filter((want) => want.fallen !== undefined);
  if (fallen.length === 0) return [];
  return tx.query<StoredRow>(
    LOAD_FALLEN,
    [
      fallen.map(({ cap }) => cap.capNo),
      fallen.map((want) => want.fallen?.before ?? 0),
      fallen.map((want) => want.fallen?.ringSize ?? 0),
    ],
    { name: 'shield-load-fallen' },
  );
}

/** Every counter of a tenant, or of all. */
export async function allCounters(tx: Queryable, tenant: string | null): Promise<CounterRow[]> {
  const sql = `SELECT ${COLUMNS} FROM cap_counters c WHERE $1::text IS NULL OR c.tenant = $1`;
  return (await tx.query<StoredRow>(sql, [tenant])).map(toCounter);
}

/** Writes counters that do not exist yet. */
export async function insertCounters(tx: Queryable, rows: readonly CounterRow[]): Promise<void> {
  if (rows.length > 0)
    await tx.execute(INSERT_COUNTERS, counterColumns(rows), { name: 'shield-insert-counters' });
}

/** Changes as UPDATE_COUNTERS takes them. */
export function updateColumns(updates: readonly CounterUpdate[]): string[] {
  return [
    plainArray(updates.map(({ capNo }) => capNo)),
    plainArray(updates.map(({ slot }) => slot)),
    plainArray(updates.map(({ spent }) => spent)),
    plainArray(updates.map(({ held }) => held)),
    plainArray(updates.map(({ mark }) => mark)),
    plainArray(updates.map(({ wasMark }) => wasMark)),
    rareArray(updates, ({ excess }) => (excess === 0n ? undefined : excess)),
    rareArray(updates, ({ part }) => (part === 0 ? undefined : part)),
    ...tailColumns(updates),
  ];
}

/** Counters as INSERT_COUNTERS takes them. */
export function counterColumns(rows: readonly CounterRow[]): string[] {
  return [
    textArray(rows.map(({ tenant }) => tenant)),
    plainArray(rows.map(({ capNo }) => capNo)),
    plainArray(rows.map(({ slot }) => slot)),
    plainArray(rows.map(({ spent }) => spent)),
    plainArray(rows.map(({ held }) => held)),
    plainArray(rows.map(({ limit }) => limit)),
    plainArray(rows.map(({ excess }) => excess)),
    plainArray(rows.map(({ mark }) => mark)),
    plainArray(rows.map(({ part }) => part)),
    ...tailColumns(rows),
  ];
}

function tailColumns(rows: readonly CounterRow[]): string[] {
  return [
    rareArray(rows, ({ tail }) => tail?.bucket),
    rareArray(rows, ({ tail }) => tail?.spent),
    rareArray(rows, ({ tail }) => tail?.held),
  ];
}

function tailOf(row: StoredRow): Tail {
  return { bucket: Number(row.tail_mark), spent: row.tail_spent, held: row.tail_held };
}

/** A stored row in the terms of the domain. */
function toCounter(row: StoredRow): CounterRow {
  return {
    tenant: row.tenant,
    capNo: Number(row.cap_no),
    slot: Number(row.slot),
    spent: row.spent,
    held: row.held,
    limit: row.limit_amount,
    excess: row.excess,
    mark: Number(row.mark),
    part: Number(row.part),
    ...(row.tail_mark < 0n ? {} : { tail: tailOf(row) }),
  };
}
