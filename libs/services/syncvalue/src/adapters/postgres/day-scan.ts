import { setImmediate } from 'node:timers/promises';
import type { Queryable } from '@kiki/postgres';
import type { LedgerDay, ScanOptions } from '../../application/ledger.js';
import { dayOfRow, type DayRow } from './rows.js';

/**
 * Rows of a page: what the driver parses in about a millisecond, because calls of other customers wait for it. A page
 * of rows, not of customers, so that somebody with very many days is read in pieces too.
 */
const PAGE_ROWS = 500;
/** Customers between two reports of progress. */
const REPORT_EVERY = 5_000;

/** Told each customer's days up to the end, in ascending byte order of the id. */
export type VisitDays = (customerId: string, days: readonly LedgerDay[]) => void;

/** Visits every customer of a log on the transaction's snapshot. @throws what the signal was aborted with */
export async function scanDays(
  tx: Queryable,
  { tenant, endDay }: { readonly tenant: string; readonly endDay: number },
  visit: VisitDays,
  { signal, onFraction }: ScanOptions,
): Promise<void> {
  const total = Math.max(1, await customerCount(tx, tenant));
  let visited = 0;
  const gathered = new GatheredDays((customerId, days) => {
    visit(customerId, days);
    if (++visited % REPORT_EVERY === 0) onFraction?.(Math.min(1, visited / total));
  });
  // Planned once for all pages: a log that was just ingested has no statistics yet, and a plan that sorts would
  // sort for each of them.
  await tx.execute(
    `DECLARE days NO SCROLL CURSOR FOR
      SELECT customer_id, day, purchase_count, purchase_micros, refund_count, refund_micros
        FROM customer_days WHERE tenant = $1 AND day <= $2 ORDER BY customer_id, day`,
    [tenant, endDay],
  );
  for (let isMore = true; isMore;) {
    signal.throwIfAborted();
    const rows = await tx.query<DayRow>(`FETCH ${PAGE_ROWS} FROM days`);
    for (const row of rows) gathered.add(row);
    isMore = rows.length === PAGE_ROWS;
    // What came in meanwhile is answered before the next page.
    await setImmediate();
  }
  await tx.execute('CLOSE days');
  gathered.finish();
  onFraction?.(1);
}

/** Collects sorted rows of days into customers. */
class GatheredDays {
  private customerId: string | undefined;
  private days: LedgerDay[] = [];

  constructor(private readonly visit: VisitDays) {}

  add(row: DayRow): void {
    if (row.customer_id !== this.customerId) {
      this.finish();
      this.customerId = row.customer_id;
    }
    this.days.push(dayOfRow(row));
  }

  finish(): void {
    if (this.customerId !== undefined) this.visit(this.customerId, this.days);
    this.customerId = undefined;
    this.days = [];
  }
}

async function customerCount(tx: Queryable, tenant: string): Promise<number> {
  const [row] = await tx.query<{ count: bigint }>(
    'SELECT count(*) AS count FROM customers WHERE tenant = $1',
    [tenant],
  );
  return Number(row?.count ?? 0n);
}
