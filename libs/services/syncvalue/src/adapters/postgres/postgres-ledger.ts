import type { Clock } from '@kiki/kernel';
import type { Database, Queryable, Row } from '@kiki/postgres';
import {
  Ledger,
  type ChunkOutcome,
  type LedgerDay,
  type TenantView,
  type TransactionChunk,
} from '../../application/ledger.js';
import type { DatedAttribute } from '../../domain/acquisition.js';
import type { CustomerState } from '../../domain/customer-state.js';
import { admit, withoutCurrency, type LedgerTerms } from '../../domain/ledger-terms.js';
import type { Labels } from '../../domain/model.js';
import { errors } from '../../errors.js';
import { keepAttributes, readAttributes } from './customer-attributes.js';
import { addDays, advanceStates } from './customer-tables.js';
import { KeptStates } from './kept-states.js';
import { LeasedViews } from './leased-views.js';
import { dayOfRow, stateOfRow, type DayRow, type StateRow } from './rows.js';
import { SharedReads } from './shared-reads.js';
import { insertTransactions } from './transaction-table.js';

/** Reads of at most so many customers are shared; larger ones would only wait for each other. */
const FEW = 16;

interface ViewRow extends Row {
  readonly currency: string;
  readonly time_zone: string;
  readonly first_day: number | null;
  readonly newest_day: number | null;
  readonly transaction_count: bigint;
  readonly change_count: bigint;
  readonly labels: Labels | null;
}

/** The ledger on PostgreSQL. The row of `ledgers` is a tenant's lock: chunks of a tenant take turns. */
export class PostgresLedger extends Ledger {
  private readonly views: LeasedViews<TenantView | undefined>;
  private readonly fewStates = new SharedReads((tenant, ids) => this.readStates(tenant, ids));
  private readonly keptStates: KeptStates;
  private readonly fewAttributes = new SharedReads((tenant, ids) =>
    readAttributes(this.database, tenant, ids),
  );

  constructor(
    private readonly database: Database,
    clock: Clock,
    /** Most states kept in memory. */
    stateCacheEntries = 1,
  ) {
    super();
    this.views = new LeasedViews((tenant) => this.readView(tenant), clock);
    this.keptStates = new KeptStates(
      (tenant, ids) =>
        ids.length > FEW ? this.readStates(tenant, ids) : this.fewStates.get(tenant, ids),
      stateCacheEntries,
    );
  }

  override append(tenant: string, chunk: TransactionChunk): Promise<ChunkOutcome> {
    return this.database.transaction(async (tx) => {
      const terms = await lockTerms(tx, tenant, chunk);
      if (terms === undefined) {
        const problems = withoutCurrency(chunk.rows);
        return { storedCount: 0, duplicateCount: 0, problems, customerIds: [] };
      }
      const { admitted, problems } = admit(chunk.rows, terms);
      const { stored, duplicateCount, conflicts } = await insertTransactions(
        tx,
        tenant,
        admitted,
        chunk.source,
      );
      if (stored.length > 0) {
        await advanceStates(tx, tenant, await addDays(tx, tenant, stored));
        await advanceTerms(tx, tenant, stored);
      }
      // A log that was sent before may be sent again for its attributes: its rows are known, what they tell is new.
      const refused = new Set(conflicts.map(({ rowIndex }) => rowIndex));
      await keepAttributes(
        tx,
        tenant,
        admitted.filter(({ rowIndex }) => !refused.has(rowIndex)),
      );
      return {
        storedCount: stored.length,
        duplicateCount,
        problems: [...problems, ...conflicts],
        customerIds: [...new Set(stored.map((row) => row.customerId))],
      };
    });
  }

  override view(tenant: string): Promise<TenantView | undefined> {
    return this.views.get(tenant);
  }

  override untilSeen(): Promise<void> {
    return this.views.untilSeen();
  }

  override async states(
    tenant: string,
    ids: readonly string[],
  ): Promise<Map<string, CustomerState>> {
    const view = await this.views.get(tenant);
    if (view === undefined) return new Map();
    return this.keptStates.get(tenant, view.changeCount, ids);
  }

  override async attributes(
    tenant: string,
    ids: readonly string[],
  ): Promise<Map<string, readonly DatedAttribute[]>> {
    if (ids.length > FEW) return readAttributes(this.database, tenant, ids);
    return this.fewAttributes.get(tenant, ids);
  }

  override async days(
    tenant: string,
    ids: readonly string[],
    endDay: number,
  ): Promise<Map<string, LedgerDay[]>> {
    const rows = await this.database.query<DayRow>(
      `SELECT customer_id, day, purchase_count, purchase_micros, refund_count, refund_micros
         FROM customer_days WHERE tenant = $1 AND customer_id = ANY($2) AND day <= $3
        ORDER BY customer_id, day`,
      [tenant, ids, endDay],
    );
    const found = new Map<string, LedgerDay[]>();
    for (const row of rows) {
      const days = found.get(row.customer_id);
      if (days === undefined) found.set(row.customer_id, [dayOfRow(row)]);
      else days.push(dayOfRow(row));
    }
    return found;
  }

  private async readView(tenant: string): Promise<TenantView | undefined> {
    const [row] = await this.database.query<ViewRow>(
      `SELECT l.currency, l.time_zone, l.first_day, l.newest_day, l.transaction_count,
              l.transaction_count + 2 * l.erased_count AS change_count,
              (SELECT json_object_agg(m.label, m.version) FROM model_labels m WHERE m.tenant = l.tenant) AS labels
         FROM ledgers l WHERE l.tenant = $1`,
      [tenant],
      { name: 'syncvalue_view' },
    );
    if (row === undefined || row.first_day === null || row.newest_day === null) return undefined;
    const terms = {
      currency: row.currency,
      timeZone: row.time_zone,
      firstDay: row.first_day,
      newestDay: row.newest_day,
      transactionCount: row.transaction_count,
    };
    return { terms, labels: row.labels ?? {}, changeCount: row.change_count };
  }

  private async readStates(
    tenant: string,
    ids: readonly string[],
  ): Promise<Map<string, CustomerState>> {
    const rows = await this.database.query<StateRow>(
      `SELECT customer_id, first_day, last_day, frequency, repeat_micros, total_micros,
              transaction_count, refund_count
         FROM customers WHERE tenant = $1 AND customer_id = ANY($2)`,
      [tenant, ids],
      { name: 'syncvalue_states' },
    );
    return new Map(rows.map((row) => [row.customer_id, stateOfRow(row)]));
  }
}

type LockedTerms = Pick<LedgerTerms, 'currency' | 'timeZone'>;

/** Locks the tenant's log, beginning it with the first currency that is named; undefined when none is. */
async function lockTerms(
  tx: Queryable,
  tenant: string,
  { rows, timeZone }: TransactionChunk,
): Promise<LockedTerms | undefined> {
  const currency = rows.find((row) => row.currency !== '')?.currency;
  if (currency !== undefined) {
    await tx.execute(
      'INSERT INTO ledgers (tenant, currency, time_zone) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [tenant, currency, timeZone ?? 'UTC'],
    );
  }
  const [found] = await tx.query<{ currency: string; time_zone: string }>(
    'SELECT currency, time_zone FROM ledgers WHERE tenant = $1 FOR UPDATE',
    [tenant],
  );
  if (found === undefined) return undefined;
  if (timeZone !== undefined && timeZone !== found.time_zone) {
    throw errors.time_zone_fixed(`The days of this tenant are those of ${found.time_zone}.`);
  }
  return { currency: found.currency, timeZone: found.time_zone };
}

async function advanceTerms(
  tx: Queryable,
  tenant: string,
  stored: readonly { readonly day: number }[],
): Promise<void> {
  let [first, newest] = [Infinity, -Infinity];
  for (const { day } of stored) {
    first = Math.min(first, day);
    newest = Math.max(newest, day);
  }
  await tx.execute(
    `UPDATE ledgers SET first_day = least(first_day, $2), newest_day = greatest(newest_day, $3),
            transaction_count = transaction_count + $4
      WHERE tenant = $1`,
    [tenant, first, newest, stored.length],
  );
}
