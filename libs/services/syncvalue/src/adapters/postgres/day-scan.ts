import type { Database, Queryable } from '@kiki/postgres';
import type { LogScan, VisitDays } from '../../application/log-jobs.js';
import type { DatedAttribute } from '../../domain/acquisition.js';
import type { LedgerDay } from '../../domain/customer-state.js';
import { hasAttributes, readAttributesBetween } from './customer-attributes.js';
import { dayOfRow, type DayRow } from './rows.js';

/** Rows of a page: somebody with very many days is read in pieces too. */
const PAGE_ROWS = 1_000;
/** Customers between two reports of progress. */
const REPORT_EVERY = 5_000;

/** Reads logs on one snapshot each; run once, because visits cannot be taken back. */
export function logScan(database: Database): LogScan {
  const snapshot = { isolation: 'repeatable read', isReadOnly: true, attempts: 1 } as const;
  return (log, visit, onFraction) =>
    database.transaction(async (tx) => {
      const total = Math.max(1, await customerCount(tx, log.tenant));
      let visited = 0;
      const gathered = new GatheredDays((customerId, days, acquired) => {
        visit(customerId, days, acquired);
        if (++visited % REPORT_EVERY === 0) onFraction(Math.min(1, visited / total));
      });
      const areAttributed = await hasAttributes(tx, log.tenant);
      for await (const rows of pagesOf(tx, log)) {
        if (areAttributed) gathered.know(await attributesOf(tx, log, rows));
        for (const row of rows) gathered.add(row);
      }
      gathered.finish();
      onFraction(1);
    }, snapshot);
}

/**
 * The days of a log by customer and day. Planned once for all pages: a log that was just ingested has no statistics
 * yet, and a plan that sorts would sort for each of them.
 */
async function* pagesOf(
  tx: Queryable,
  { tenant, endDay }: { readonly tenant: string; readonly endDay: number },
): AsyncGenerator<DayRow[]> {
  await tx.execute(
    `DECLARE days NO SCROLL CURSOR FOR
      SELECT customer_id, day, purchase_count, purchase_micros, refund_count, refund_micros
        FROM customer_days WHERE tenant = $1 AND day <= $2 ORDER BY customer_id, day`,
    [tenant, endDay],
  );
  for (;;) {
    const rows = await tx.query<DayRow>(`FETCH ${PAGE_ROWS} FROM days`);
    yield rows;
    if (rows.length < PAGE_ROWS) break;
  }
  await tx.execute('CLOSE days');
}

/** How the customers of a page came. */
async function attributesOf(
  tx: Queryable,
  { tenant, endDay }: { readonly tenant: string; readonly endDay: number },
  rows: readonly DayRow[],
): Promise<Acquired> {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return new Map();
  const range = { from: first.customer_id, to: last.customer_id, endDay };
  return readAttributesBetween(tx, tenant, range);
}

type Acquired = ReadonlyMap<string, readonly DatedAttribute[]>;

/** Collects sorted rows of days into customers. */
class GatheredDays {
  private customerId: string | undefined;
  private days: LedgerDay[] = [];
  private acquired: Acquired = new Map();
  /** Of the customer who is being collected: the page that tells it may be gone when their last day comes. */
  private own: readonly DatedAttribute[] = [];

  constructor(private readonly visit: VisitDays) {}

  /** How the customers of the next page came. */
  know(acquired: Acquired): void {
    this.acquired = acquired;
  }

  add(row: DayRow): void {
    if (row.customer_id !== this.customerId) {
      this.finish();
      this.customerId = row.customer_id;
      this.own = this.acquired.get(row.customer_id) ?? [];
    }
    this.days.push(dayOfRow(row));
  }

  finish(): void {
    if (this.customerId !== undefined) this.visit(this.customerId, this.days, this.own);
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
