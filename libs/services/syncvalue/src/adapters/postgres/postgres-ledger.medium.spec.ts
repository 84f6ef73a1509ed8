/**
 * Goal: the states in the store equal a rebuild of everything, bit for bit, however the log came in, and new rows of
 * somebody with a long history read none of it. Method: random logs with late, repeated and refunded rows in
 * chunks of racing streams on a real PostgreSQL, by fast-check; the server's own count of the rows it read.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { netDays, summarize } from '@kiki/clv';
import { SystemClock } from '@kiki/kernel';
import {
  PostgresDatabase,
  type OpenedRows,
  type Queryable,
  type TransactionOptions,
} from '@kiki/postgres';
import { createTestDatabase, testSeed, type TestDatabase } from '@kiki/testing';
import fc from 'fast-check';
import { IngestTransactions, type IncomingChunk } from '../../application/ingest-transactions.js';
import type { IncomingRow } from '../../domain/transaction.js';
import { PostgresLedger } from './postgres-ledger.js';

jest.setTimeout(120_000);

const DAY_MS = 86_400_000;
/** The server looks a day up by its key once or twice when it is there already. */
const FEW = 4;
const FIRST_MS = Date.UTC(2025, 0, 1);
const CONFLICT = { code: 'transaction_conflict', field: 'transaction_id' };

interface Event {
  readonly customer: number;
  readonly day: number;
  readonly micros: number;
  readonly isRefund: boolean;
}

function rowOf({ customer, day, micros, isRefund }: Event, id: string): IncomingRow {
  return {
    transactionId: id,
    customerId: `c${customer}`,
    occurredAtMs: FIRST_MS + day * DAY_MS,
    amountMicros: BigInt(micros),
    currency: 'EUR',
    kind: isRefund ? 'refund' : 'purchase',
  };
}

async function* chunksOf(
  rows: readonly IncomingRow[],
  size: number,
): AsyncGenerator<IncomingChunk> {
  for (let from = 0; from < rows.length; from += size) {
    yield await Promise.resolve({ options: undefined, rows: rows.slice(from, from + size) });
  }
}

/** A customer's row as a rebuild from the events gives it. */
function rebuilt(events: readonly Event[]): unknown {
  const days = new Map<number, ReturnType<typeof emptyDay>>();
  for (const { day, micros, isRefund } of events) {
    const entry = days.get(day) ?? emptyDay(day);
    days.set(day, entry);
    if (isRefund) entry.refundMicros += micros;
    else
      [entry.purchases, entry.purchaseMicros] = [
        entry.purchases + 1,
        entry.purchaseMicros + micros,
      ];
  }
  const first = FIRST_MS / DAY_MS;
  const history = summarize(netDays([...days.values()].sort((a, b) => a.day - b.day)));
  return {
    first_day: history === undefined ? null : history.firstDay + first,
    last_day: history === undefined ? null : history.lastDay + first,
    frequency: history?.frequency ?? 0,
    repeat_micros: BigInt(history?.repeatMicros ?? 0),
    total_micros: BigInt(history?.totalMicros ?? 0),
    transaction_count: BigInt(events.length),
    refund_count: BigInt(events.filter(({ isRefund }) => isRefund).length),
  };
}

function emptyDay(
  day: number,
): Record<'day' | 'purchases' | 'purchaseMicros' | 'refundMicros', number> {
  return { day, purchases: 0, purchaseMicros: 0, refundMicros: 0 };
}

/** Notes how many rows of customer_days the server read in each transaction. */
class CountingDatabase extends PostgresDatabase {
  readonly dayRowsRead: number[] = [];

  override transaction<T>(
    work: (tx: Queryable, opened: OpenedRows) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    return super.transaction(async (tx, opened) => {
      const before = await dayRowsRead(tx);
      const result = await work(tx, opened);
      this.dayRowsRead.push((await dayRowsRead(tx)) - before);
      return result;
    }, options);
  }
}

/** The connection's count, which may begin with that of transactions before. */
async function dayRowsRead(tx: Queryable): Promise<number> {
  const [row] = await tx.query<{ read: bigint }>(
    `SELECT (coalesce(idx_tup_fetch, 0) + seq_tup_read)::bigint AS read
       FROM pg_stat_xact_user_tables WHERE relname = 'customer_days'`,
  );
  return Number(row?.read);
}

describe('PostgresLedger', () => {
  let store: TestDatabase;
  let counting: CountingDatabase;

  beforeAll(async () => {
    const migrationsDir = new URL('../../../migrations/', import.meta.url);
    store = await createTestDatabase({ schema: 'syncvalue', migrationsDir });
    counting = new CountingDatabase({ connection: store.connection, schema: 'syncvalue' });
  });

  afterAll(async () => {
    await counting.close();
    await store.drop();
  });

  const clock = new SystemClock();
  const ingest = (database: PostgresDatabase): IngestTransactions =>
    new IngestTransactions(new PostgresLedger(database, clock), clock, {
      futureToleranceHours: 36,
    });

  it('keeps states that equal a rebuild, in whatever order, chunks and streams rows come', async () => {
    const event = fc.record({
      customer: fc.integer({ min: 0, max: 3 }),
      day: fc.integer({ min: 0, max: 12 }),
      micros: fc.integer({ min: 0, max: 2 ** 40 }),
      isRefund: fc.constantFrom(false, false, true),
    });
    const logs = fc.array(event, { minLength: 1, maxLength: 60 }).chain((events) =>
      fc.record({
        events: fc.constant(events),
        // Every stream sends a share of the log in an order of its own; together they send all of it.
        streams: fc.array(fc.shuffledSubarray(events.map((_, i) => i)), { maxLength: 3 }),
        chunkSize: fc.integer({ min: 1, max: 25 }),
      }),
    );
    let tenants = 0;
    await fc.assert(
      fc.asyncProperty(logs, async ({ events, streams, chunkSize }) => {
        const tenant = `t${tenants++}`;
        const rows = events.map((one, i) => rowOf(one, `r${i}`));
        const reports = await Promise.all(
          [...streams, events.map((_, i) => i)].map((order) => {
            const sent = order.flatMap((i) => rows[i] ?? []);
            return ingest(store.database).execute(tenant, chunksOf(sent, chunkSize));
          }),
        );
        expect(reports.reduce((sum, report) => sum + report.storedCount, 0)).toBe(events.length);
        const states = await store.database.query(
          `SELECT customer_id, first_day, last_day, frequency, repeat_micros, total_micros, transaction_count,
                  refund_count FROM customers WHERE tenant = $1 ORDER BY customer_id`,
          [tenant],
        );
        const customers = [...new Set(events.map(({ customer }) => customer))].sort();
        const wanted = customers.map((customer) => {
          const own = events.filter((one) => one.customer === customer);
          return { customer_id: `c${customer}`, ...(rebuilt(own) as object) };
        });
        expect(states).toEqual(wanted);
      }),
      { numRuns: 40, seed: testSeed() },
    );
  });

  it('refuses the id of a purchase for a refund, also of nothing', async () => {
    const nothing = { customer: 1, day: 0, micros: 0 };
    const send = (id: string, isRefund: boolean): Promise<unknown> =>
      ingest(store.database).execute('z', chunksOf([rowOf({ ...nothing, isRefund }, id)], 1));
    await send('p', false);
    await send('r', true);
    const refused = { storedCount: 0, duplicateCount: 0, problems: [CONFLICT] };
    expect(await send('p', true)).toMatchObject(refused);
    expect(await send('r', false)).toMatchObject(refused);
    expect(await send('p', false)).toMatchObject({ duplicateCount: 1, problems: [] });
  });

  it('reads no days of somebody with 10,000 of them, unless a late row may change what a refund took', async () => {
    const days = 10_000;
    const DAYS = Array.from({ length: days }, (_, i) => i - days);
    const history = DAYS.map((day) =>
      rowOf({ customer: 1, day, micros: 5, isRefund: false }, `h${day}`),
    );
    await ingest(counting).execute('long', chunksOf(history, days));
    const readBy = async (id: string, event: Omit<Event, 'customer'>): Promise<number> => {
      const rows = [rowOf({ customer: 1, ...event }, id)];
      const before = counting.dayRowsRead.length;
      expect(await ingest(counting).execute('long', chunksOf(rows, 1))).toMatchObject({
        storedCount: 1,
      });
      return counting.dayRowsRead.slice(before).reduce((sum, read) => sum + read, 0);
    };
    const purchase = (day: number): Omit<Event, 'customer'> => ({
      day,
      micros: 5,
      isRefund: false,
    });
    const refund = (day: number): Omit<Event, 'customer'> => ({ day, micros: 5, isRefund: true });
    expect(await readBy('new', purchase(0))).toBeLessThanOrEqual(FEW);
    expect(await readBy('again', purchase(0))).toBeLessThanOrEqual(FEW);
    expect(await readBy('late', purchase(-5_000))).toBeLessThanOrEqual(FEW);
    expect(await readBy('earlier', purchase(-20_000))).toBeLessThanOrEqual(FEW);
    expect(await readBy('refund', refund(0))).toBeLessThanOrEqual(FEW);
    expect(await readBy('after the refund', purchase(1))).toBeLessThanOrEqual(FEW);
    expect(await readBy('late, refunds covered', purchase(-4_000))).toBeLessThanOrEqual(FEW);
    expect(await readBy('refund in the past', refund(-3_000))).toBeGreaterThanOrEqual(days);
    expect(await readBy('after it was read', purchase(2))).toBeLessThanOrEqual(FEW);
  });
});
