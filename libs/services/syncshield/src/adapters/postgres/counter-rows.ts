import type { Queryable, Row } from '@kiki/postgres';
import type { Cap } from '../../domain/budget.js';
import { CounterBook, type CounterRow } from '../../domain/counter-book.js';
import { errors } from '../../errors.js';
import type { CounterNeeds } from '../../domain/counter-needs.js';

interface StoredRow extends Row {
  tenant: string;
  cap_no: bigint;
  slot: bigint;
  spent_micros: bigint;
  held_micros: bigint;
  limit_micros: bigint;
  excess_micros: bigint;
}

const LOAD = `
  SELECT c.tenant, c.cap_no, c.slot, c.spent_micros, c.held_micros, c.limit_micros,
         c.excess_micros
    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS k (tenant, cap_no, first, last)
    JOIN cap_counters c
      ON c.tenant = k.tenant AND c.cap_no = k.cap_no AND c.slot BETWEEN k.first AND k.last`;

const INSERT = `
  INSERT INTO cap_counters (tenant, cap_no, slot, spent_micros, held_micros, limit_micros, excess_micros)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])`;

// Differences, not values: counters read before somebody else's change would break the CHECK
// instead of hiding it.
const UPDATE = `
  UPDATE cap_counters c
     SET spent_micros = c.spent_micros + k.spent, held_micros = c.held_micros + k.held,
         limit_micros = k.limit_micros, excess_micros = c.excess_micros + k.excess
    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
         AS k (tenant, cap_no, slot, spent, held, limit_micros, excess)
   WHERE c.tenant = k.tenant AND c.cap_no = k.cap_no AND c.slot = k.slot`;

/** Reads the counters that a transaction needs. */
export async function loadCounters(tx: Queryable, needs: CounterNeeds): Promise<CounterBook> {
  const book = new CounterBook();
  const ranges = needs.ranges();
  if (ranges.length === 0) return book;
  const caps = new Map<bigint, Cap>(ranges.map(({ cap }) => [cap.capNo, cap]));
  const rows = await tx.query<StoredRow>(
    LOAD,
    [
      ranges.map(({ tenant }) => tenant),
      ranges.map(({ cap }) => cap.capNo),
      ranges.map(({ first }) => first),
      ranges.map(({ last }) => last),
    ],
    { name: 'shield-load-counters' },
  );
  for (const row of rows) {
    const cap = caps.get(row.cap_no);
    if (cap !== undefined) book.load(cap, toCounter(row));
  }
  return book;
}

/** Writes what changed. @throws ledger_inconsistent when a counter is not there any more */
export async function writeCounters(tx: Queryable, book: CounterBook): Promise<void> {
  const { inserts, updates } = book.changes();
  if (inserts.length > 0) await insertCounters(tx, inserts);
  if (updates.length === 0) return;
  const count = await tx.execute(UPDATE, columns(updates), { name: 'shield-update-counters' });
  if (count !== updates.length) {
    throw errors.ledger_inconsistent('A counter was gone although its shard was locked.');
  }
}

/** Writes counters that do not exist yet. */
export async function insertCounters(tx: Queryable, rows: readonly CounterRow[]): Promise<void> {
  if (rows.length > 0) await tx.execute(INSERT, columns(rows), { name: 'shield-insert-counters' });
}

function columns(rows: readonly CounterRow[]): (string | bigint)[][] {
  return [
    rows.map(({ tenant }) => tenant),
    rows.map(({ capNo }) => capNo),
    rows.map(({ slot }) => slot),
    rows.map(({ spentMicros }) => spentMicros),
    rows.map(({ heldMicros }) => heldMicros),
    rows.map(({ limitMicros }) => limitMicros),
    rows.map(({ excessMicros }) => excessMicros),
  ];
}

function toCounter(row: StoredRow): CounterRow {
  return {
    tenant: row.tenant,
    capNo: row.cap_no,
    slot: row.slot,
    spentMicros: row.spent_micros,
    heldMicros: row.held_micros,
    limitMicros: row.limit_micros,
    excessMicros: row.excess_micros,
  };
}
