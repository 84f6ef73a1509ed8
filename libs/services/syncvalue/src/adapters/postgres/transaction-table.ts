import type { Queryable, Row } from '@kiki/postgres';
import type { DatedTransaction } from '../../domain/ledger-terms.js';
import { problemOf, type RowProblem } from '../../domain/transaction.js';
import { errors } from '../../errors.js';

/** What became of the rows of a chunk. */
export interface Inserted {
  readonly stored: readonly DatedTransaction[];
  readonly duplicateCount: number;
  /** Rows whose id is known with other contents. */
  readonly conflicts: readonly RowProblem[];
}

interface KnownRow extends Row {
  readonly transaction_id: string;
  readonly customer_id: string;
  readonly occurred_at: Date;
  readonly amount_micros: bigint;
  readonly is_refund: boolean;
}

/** Inserts the rows whose id is new; every id is stored once, however often and wherever it comes from. */
export async function insertTransactions(
  tx: Queryable,
  tenant: string,
  rows: readonly DatedTransaction[],
  source: string,
): Promise<Inserted> {
  const first = new Map<string, DatedTransaction>();
  const repeated: DatedTransaction[] = [];
  for (const row of rows) {
    if (first.has(row.transactionId)) repeated.push(row);
    else first.set(row.transactionId, row);
  }
  const fresh = [...first.values()];
  const inserted = await insert(tx, tenant, fresh, source);
  const old = fresh.filter((row) => !inserted.has(row.transactionId));
  const known = await contents(tx, tenant, old);
  for (const [id, row] of first) if (inserted.has(id)) known.set(id, contentOf(row));
  const again = [...old, ...repeated];
  const conflicts = again.filter((row) => known.get(row.transactionId) !== contentOf(row));
  return {
    stored: fresh.filter((row) => inserted.has(row.transactionId)),
    duplicateCount: again.length - conflicts.length,
    conflicts: conflicts.map((row) =>
      problemOf(row, errors.transaction_conflict(), 'transaction_id'),
    ),
  };
}

async function insert(
  tx: Queryable,
  tenant: string,
  rows: readonly DatedTransaction[],
  source: string,
): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const inserted = await tx.query<{ transaction_id: string }>(
    `INSERT INTO transactions
            (tenant, transaction_id, customer_id, occurred_at, day, amount_micros, is_refund, source)
     SELECT $1, id, customer, to_timestamp(at::double precision / 1000), day, amount, refund, $8
       FROM unnest($2::text[], $3::text[], $4::bigint[], $5::integer[], $6::bigint[], $7::boolean[])
            AS rows (id, customer, at, day, amount, refund)
     ON CONFLICT (tenant, transaction_id) DO NOTHING
     RETURNING transaction_id`,
    [
      tenant,
      rows.map((row) => row.transactionId),
      rows.map((row) => row.customerId),
      rows.map((row) => row.occurredAtMs),
      rows.map((row) => row.day),
      rows.map((row) => row.amountMicros),
      rows.map((row) => row.isRefund),
      source,
    ],
  );
  return new Set(inserted.map((row) => row.transaction_id));
}

/** What is stored under the ids of the rows. */
async function contents(
  tx: Queryable,
  tenant: string,
  rows: readonly DatedTransaction[],
): Promise<Map<string, string>> {
  if (rows.length === 0) return new Map();
  const known = await tx.query<KnownRow>(
    `SELECT transaction_id, customer_id, occurred_at, amount_micros, is_refund
       FROM transactions WHERE tenant = $1 AND transaction_id = ANY($2)`,
    [tenant, rows.map((row) => row.transactionId)],
  );
  return new Map(
    known.map((row) => [
      row.transaction_id,
      contentOf({
        occurredAtMs: row.occurred_at.getTime(),
        amountMicros: row.amount_micros,
        isRefund: row.is_refund,
        customerId: row.customer_id,
      }),
    ]),
  );
}

type Content = Pick<DatedTransaction, 'occurredAtMs' | 'amountMicros' | 'isRefund' | 'customerId'>;

/** The sign tells refunds from purchases, except of amounts of nothing. */
function contentOf({ occurredAtMs, amountMicros, isRefund, customerId }: Content): string {
  return `${occurredAtMs}/${amountMicros}/${isRefund ? 'refund' : 'purchase'}/${customerId}`;
}
