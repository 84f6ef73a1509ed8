import { netDays, summarize, type CustomerDay, type HistorySummary } from '@kiki/clv';
import { TransactionKind } from '@kiki/contract-syncvalue';
import { openPostgres, PostgresDatabase, type Database } from '@kiki/postgres';
import { contentOf, type Batch } from './value-load.js';

/** What a recount of SyncValue's rows says. */
export interface ValueRecount {
  readonly storedRows: number;
  /** Rows of acknowledged batches that are not there. */
  readonly missing: number;
  /** Rows that are there more than once. */
  readonly doubled: number;
  /** Rows that nobody sent. */
  readonly foreign: number;
  /** Chunks of which some rows are there and some are not. */
  readonly torn: number;
  /** Customers whose state is not the one rebuilt from the rows that were sent. */
  readonly wrongStates: number;
  /** The tenant's own totals that differ. */
  readonly wrongTotals: number;
}

interface Day extends CustomerDay {
  purchases: number;
  purchaseMicros: number;
  refundMicros: number;
}

interface Rebuilt {
  readonly days: Map<number, Day>;
  transactions: number;
  refunds: number;
}

const DAY_MS = 86_400_000;

/** Counts everything again in the stopped service's own database, from what the client sent. */
export async function recountValue(
  home: string,
  sent: readonly Batch[],
  isAcknowledged: (batch: Batch) => boolean,
): Promise<ValueRecount> {
  const server = await openPostgres({ home, name: 'torture' });
  const database = new PostgresDatabase({ connection: server.connection, schema: 'syncvalue' });
  try {
    const stored = await storedCounts(database);
    const rebuilt = rebuild(sent, stored);
    return {
      ...compareRows(sent, stored, isAcknowledged),
      wrongStates: await wrongStates(database, rebuilt),
      wrongTotals: await wrongTotals(database, rebuilt),
    };
  } finally {
    await database.close();
    await server.stop();
  }
}

/** How often each row is there, by content. */
async function storedCounts(database: Database): Promise<Map<string, number>> {
  const rows = await database.query<{ customer_id: string; at: Date; amount_micros: bigint }>(
    'SELECT customer_id, occurred_at AS at, amount_micros FROM transactions',
  );
  const counts = new Map<string, number>();
  for (const { customer_id: id, at, amount_micros: micros } of rows) {
    const content = contentOf(id, at.getTime(), micros);
    counts.set(content, (counts.get(content) ?? 0) + 1);
  }
  return counts;
}

function compareRows(
  sent: readonly Batch[],
  stored: ReadonlyMap<string, number>,
  isAcknowledged: (batch: Batch) => boolean,
): Pick<ValueRecount, 'storedRows' | 'missing' | 'doubled' | 'foreign' | 'torn'> {
  const known = new Set<string>();
  const missing = new Set<string>();
  let torn = 0;
  for (const batch of sent) {
    const contents = contentsOf(batch);
    for (const content of contents) known.add(content);
    const absent = contents.filter((content) => !stored.has(content));
    if (isAcknowledged(batch)) for (const content of absent) missing.add(content);
    torn += tornChunks(contents, batch, stored);
  }
  const counts = [...stored.values()];
  return {
    storedRows: counts.reduce((sum, count) => sum + count, 0),
    missing: missing.size,
    doubled: counts.filter((count) => count > 1).length,
    foreign: [...stored.keys()].filter((content) => !known.has(content)).length,
    torn,
  };
}

/** Chunks that are there in part; rows of an earlier batch are there anyway and say nothing. */
function tornChunks(
  contents: readonly string[],
  { chunkSize, freshCount }: Batch,
  stored: ReadonlyMap<string, number>,
): number {
  let torn = 0;
  for (let from = 0; from < freshCount; from += chunkSize) {
    const chunk = contents.slice(from, Math.min(from + chunkSize, freshCount));
    const there = chunk.filter((content) => stored.has(content)).length;
    if (there > 0 && there < chunk.length) torn++;
  }
  return torn;
}

function contentsOf({ rows }: Batch): string[] {
  return rows.map((row) =>
    contentOf(row.customerId, row.occurredAt?.getTime() ?? NaN, row.amountMicros),
  );
}

/** Days of every customer from the sent rows that are there, each once. */
function rebuild(
  sent: readonly Batch[],
  stored: ReadonlyMap<string, number>,
): Map<string, Rebuilt> {
  const customers = new Map<string, Rebuilt>();
  const counted = new Set<string>();
  for (const batch of sent) {
    contentsOf(batch).forEach((content, i) => {
      const row = batch.rows[i];
      if (row === undefined || !stored.has(content) || counted.has(content)) return;
      counted.add(content);
      const customer = customers.get(row.customerId) ?? newCustomer();
      customers.set(row.customerId, customer);
      addRow(
        customer,
        row.occurredAt?.getTime() ?? NaN,
        Number(row.amountMicros),
        row.kind === TransactionKind.REFUND,
      );
    });
  }
  return customers;
}

function newCustomer(): Rebuilt {
  return { days: new Map(), transactions: 0, refunds: 0 };
}

function addRow(customer: Rebuilt, atMs: number, micros: number, isRefund: boolean): void {
  const number = Math.floor(atMs / DAY_MS);
  const known = customer.days.get(number);
  const day = known ?? { day: number, purchases: 0, purchaseMicros: 0, refundMicros: 0 };
  customer.days.set(number, day);
  customer.transactions += 1;
  if (isRefund) {
    customer.refunds += 1;
    day.refundMicros -= micros;
  } else {
    day.purchases += 1;
    day.purchaseMicros += micros;
  }
}

interface StateRow extends Record<string, unknown> {
  readonly customer_id: string;
  readonly state: string;
}

async function wrongStates(
  database: Database,
  rebuilt: ReadonlyMap<string, Rebuilt>,
): Promise<number> {
  const rows = await database.query<StateRow>(
    `SELECT customer_id, concat_ws(' ', coalesce(first_day, -1), coalesce(last_day, -1), frequency, repeat_micros,
            total_micros, transaction_count, refund_count) AS state FROM customers`,
  );
  const states = new Map(rows.map((row) => [row.customer_id, row.state]));
  const ids = new Set([...states.keys(), ...rebuilt.keys()]);
  return [...ids].filter((id) => states.get(id) !== stateOf(rebuilt.get(id))).length;
}

function stateOf(customer: Rebuilt | undefined): string | undefined {
  if (customer === undefined) return undefined;
  const days = [...customer.days.values()].sort((a, b) => a.day - b.day);
  const none: HistorySummary = {
    firstDay: -1,
    lastDay: -1,
    frequency: 0,
    repeatMicros: 0,
    totalMicros: 0,
  };
  const { firstDay, lastDay, frequency, repeatMicros, totalMicros } =
    summarize(netDays(days)) ?? none;
  const { transactions, refunds } = customer;
  return [firstDay, lastDay, frequency, repeatMicros, totalMicros, transactions, refunds].join(' ');
}

async function wrongTotals(
  database: Database,
  rebuilt: ReadonlyMap<string, Rebuilt>,
): Promise<number> {
  const [row] = await database.query<Record<string, bigint | number | null>>(
    `SELECT l.first_day, l.newest_day, l.transaction_count,
            (SELECT coalesce(sum(purchase_micros), 0)::bigint FROM customer_days) AS purchase_micros,
            (SELECT coalesce(sum(refund_micros), 0)::bigint FROM customer_days) AS refund_micros
       FROM ledgers l`,
  );
  const days = [...rebuilt.values()].flatMap((customer) => [...customer.days.values()]);
  const sum = (value: (day: Day) => number): number =>
    days.reduce((all, day) => all + value(day), 0);
  const numbers = days.map((day) => day.day);
  const wanted: Record<string, number> = {
    first_day: numbers.reduce((a, b) => Math.min(a, b), Infinity),
    newest_day: numbers.reduce((a, b) => Math.max(a, b), -Infinity),
    transaction_count: [...rebuilt.values()].reduce((all, one) => all + one.transactions, 0),
    purchase_micros: sum((day) => day.purchaseMicros),
    refund_micros: sum((day) => day.refundMicros),
  };
  return Object.entries(wanted).filter(([name, value]) => Number(row?.[name] ?? NaN) !== value)
    .length;
}
