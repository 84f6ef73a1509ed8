import type { Queryable, Row } from '@kiki/postgres';
import type { ExportKind, ExportOf, ExportRow } from '../../application/money-out/statements.js';
import { BELOW } from './statement-rows.js';

/** Rows that are read at once; the next are read when these are sent. */
const PAGE = 1_000;

/** How one kind is read: its columns, and the order that pages go on in. */
interface Source {
  readonly columns: string;
  readonly from: string;
  readonly at: string;
  /** Two columns that no two rows share, the first a number. */
  readonly order: readonly [string, string];
}

const SOURCES: Readonly<Record<ExportKind, Source>> = {
  holds: {
    columns: `h.id AS "holdId", b.id AS "budgetId", h.is_approved AS "isApproved", h.reason, h.state,
      h.amount_micros AS "amountMicros", h.captured_micros AS "capturedMicros", h.late_micros AS "lateMicros",
      h.refunded_micros AS "refundedMicros", h.currency, h.decided_ms AS "decidedAt", h.release_ms AS "releaseAt"`,
    from: 'holds h JOIN below b ON b.budget_no = h.budget_no',
    at: 'h.decided_ms',
    order: ['h.hold_no', "''::text"],
  },
  settlements: {
    columns: `s.hold_id AS "holdId", s.settlement_id AS "settlementId", b.id AS "budgetId", s.action, s.outcome,
      s.captured_micros AS "capturedMicros", s.late_micros AS "lateMicros", s.refunded_micros AS "refundedMicros",
      h.currency, s.settled_ms AS "settledAt"`,
    from: `holds h JOIN below b ON b.budget_no = h.budget_no
      JOIN settlements s ON s.tenant = h.tenant AND s.hold_id = h.id`,
    at: 's.settled_ms',
    order: ['h.hold_no', 's.settlement_id'],
  },
  entries: {
    columns: `e.entry_id AS "entryId", b.id AS "budgetId", e.source, e.amount_micros AS "amountMicros", e.currency,
      e.over_micros AS "overMicros", e.counted_ms AS "countedAt", e.recorded_ms AS "recordedAt"`,
    from: 'entries e JOIN below b ON b.budget_no = e.budget_no',
    at: 'e.recorded_ms',
    order: ['e.entry_no', "''::text"],
  },
};

/** Pages of an export, read as they are asked for. */
export async function* exportPages(
  from: Queryable,
  budgetNo: bigint,
  { kind, fromMs, toMs }: ExportOf,
): AsyncGenerator<readonly ExportRow[]> {
  const { columns, from: tables, at, order } = SOURCES[kind];
  const [number, text] = order;
  const sql = `
    WITH ${BELOW}
    SELECT ${number} AS "$number", ${text} COLLATE "C" AS "$text", ${columns} FROM ${tables}
     WHERE ${at} >= $2 AND ${at} < $3 AND (${number}, ${text} COLLATE "C") > ($4::bigint, $5::text)
     ORDER BY ${number}, ${text} COLLATE "C" LIMIT ${PAGE}`;
  let after: readonly [bigint, string] = [-1n, ''];
  for (;;) {
    const rows = await from.query<PageRow>(sql, [budgetNo, fromMs, toMs, ...after]);
    const last = rows.at(-1);
    if (last !== undefined) {
      after = [last.$number, last.$text];
      yield rows.map(toRow);
    }
    if (rows.length < PAGE) return;
  }
}

interface PageRow extends Row {
  $number: bigint;
  $text: string;
}

function toRow({ $number, $text, ...row }: PageRow): ExportRow {
  void $number;
  void $text;
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      name.endsWith('At') && typeof value === 'bigint'
        ? new Date(Number(value)).toISOString()
        : value,
    ]),
  ) as ExportRow;
}
