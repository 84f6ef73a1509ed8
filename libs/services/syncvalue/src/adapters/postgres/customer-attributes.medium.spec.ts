/**
 * Goal: how a customer came is what their earliest transaction says, in whatever order, chunks and streams rows come
 * and however often, and who looks from an earlier day sees nothing later. Method: random logs on a real PostgreSQL
 * against a fold over all events; a log that is read as a fit reads it.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { AcquisitionAttributes } from '@kiki/clv';
import { SystemClock } from '@kiki/kernel';
import { createTestDatabase, testSeed, type TestDatabase } from '@kiki/testing';
import fc from 'fast-check';
import {
  IngestTransactions,
  type IncomingChunk,
  type IngestReport,
} from '../../application/ingest-transactions.js';
import { attributesAt } from '../../domain/acquisition.js';
import type { IncomingRow } from '../../domain/transaction.js';
import { logScan } from './day-scan.js';
import { PostgresLedger } from './postgres-ledger.js';

jest.setTimeout(120_000);

const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2025, 0, 1);
const FIRST_DAY = FIRST_MS / DAY_MS;

interface Event {
  readonly customer: number;
  readonly day: number;
  readonly channel: string | undefined;
  readonly country: string | undefined;
}

function rowOf({ customer, day, channel, country }: Event, id: string): IncomingRow {
  return {
    transactionId: id,
    customerId: `c${customer}`,
    occurredAtMs: FIRST_MS + day * DAY_MS,
    amountMicros: 5n,
    currency: 'EUR',
    kind: 'purchase',
    acquisition: {
      ...(channel !== undefined && { channel }),
      ...(country !== undefined && { country }),
    },
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

/** What a customer's events say, the earliest first; ties by the id of the row. */
function told(events: readonly Event[], customer: number, untilDay: number): object {
  const own = events
    .map((event, i) => ({ ...event, id: `r${i}` }))
    .filter((event) => event.customer === customer)
    .sort((a, b) => a.day - b.day || (a.id < b.id ? -1 : 1));
  const first = (name: 'channel' | 'country'): object => {
    const event = own.find((one) => one[name] !== undefined);
    return event === undefined || event.day > untilDay ? {} : { [name]: event[name] };
  };
  return { ...first('channel'), ...first('country') };
}

describe('attributes of acquisition', () => {
  let store: TestDatabase;
  const clock = new SystemClock();

  beforeAll(async () => {
    const migrationsDir = new URL('../../../migrations/', import.meta.url);
    store = await createTestDatabase({ schema: 'syncvalue', migrationsDir });
  });

  afterAll(() => store.drop());

  const send = (
    tenant: string,
    rows: readonly IncomingRow[],
    chunkSize = 1_000,
  ): Promise<IngestReport> => {
    const ledger = new PostgresLedger(store.database, clock);
    const ingest = new IngestTransactions(ledger, clock, { futureToleranceHours: 36 });
    return ingest.execute(tenant, chunksOf(rows, chunkSize));
  };

  const read = async (tenant: string, day: number): Promise<Record<string, object>> => {
    const ids = ['c0', 'c1', 'c2', 'c3'];
    const known = await new PostgresLedger(store.database, clock).attributes(tenant, ids);
    const found = ids.map((id) => [id, attributesAt(known.get(id) ?? [], FIRST_DAY + day) ?? {}]);
    return Object.fromEntries(found) as Record<string, object>;
  };

  it('are those of the earliest transaction, in whatever order, chunks and streams rows come', async () => {
    const value = fc.constantFrom('a', 'b', 'ü', undefined);
    const event = fc.record({
      customer: fc.integer({ min: 0, max: 3 }),
      day: fc.integer({ min: 0, max: 6 }),
      channel: value,
      country: value,
    });
    const logs = fc.array(event, { minLength: 1, maxLength: 40 }).chain((events) =>
      fc.record({
        events: fc.constant(events),
        streams: fc.array(fc.shuffledSubarray(events.map((_, i) => i)), { maxLength: 3 }),
        all: fc.shuffledSubarray(
          events.map((_, i) => i),
          { minLength: events.length },
        ),
        chunkSize: fc.integer({ min: 1, max: 25 }),
      }),
    );
    let tenants = 0;
    await fc.assert(
      fc.asyncProperty(logs, async ({ events, streams, all, chunkSize }) => {
        const tenant = `t${tenants++}`;
        const rows = events.map((one, i) => rowOf(one, `r${i}`));
        await Promise.all(
          [...streams, all].map((order) => {
            const sent = order.flatMap((i) => rows[i] ?? []);
            return send(tenant, sent, chunkSize);
          }),
        );
        for (const day of [0, 3, 6]) {
          const wanted = [0, 1, 2, 3].map((c) => [`c${c}`, told(events, c, day)]);
          expect(await read(tenant, day)).toEqual(Object.fromEntries(wanted));
        }
      }),
      { numRuns: 30, seed: testSeed() },
    );
  });

  it('come with rows that are known already, and with none that conflict', async () => {
    const plain = { customer: 0, day: 1, channel: undefined, country: undefined };
    await send('again', [rowOf(plain, 'r1')]);
    expect(await read('again', 6)).toMatchObject({ c0: {} });
    const same = await send('again', [rowOf({ ...plain, channel: 'ads' }, 'r1')]);
    expect(same).toMatchObject({ storedCount: 0, duplicateCount: 1 });
    expect(await read('again', 6)).toMatchObject({ c0: { channel: 'ads' } });
    const other = await send('again', [rowOf({ ...plain, day: 0, channel: 'none' }, 'r1')]);
    expect(other.problems).toMatchObject([{ code: 'transaction_conflict' }]);
    expect(await read('again', 6)).toMatchObject({ c0: { channel: 'ads' } });
  });

  it('are refused by the row where they are too many, too long or unnamed', async () => {
    const row = rowOf({ customer: 0, day: 0, channel: 'ads', country: undefined }, 'r1');
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`a${i}`, 'x']));
    const bad: AcquisitionAttributes[] = [
      ...[many, { '': 'x' }, { '9lives': 'x' }, { a: 'x'.repeat(65) }],
      ...[{ a: 'x\ny' }, JSON.parse('{"__proto__":"x"}') as AcquisitionAttributes],
    ];
    const rows = bad.map((acquisition, i) => ({ ...row, transactionId: `b${i}`, acquisition }));
    const report = await send('bad', [...rows, { ...row, acquisition: { a: '', b: 'ok' } }]);
    expect(report).toMatchObject({ storedCount: 1, rejectedCount: 6 });
    expect(new Set(report.problems.map(({ code, field }) => `${code} ${field}`))).toEqual(
      new Set(['acquisition_invalid acquisition']),
    );
    expect(await read('bad', 0)).toMatchObject({ c0: { b: 'ok' } });
  });

  it('are read with the log, also of who fills more than a page', async () => {
    const long = Array.from({ length: 2_500 }, (_, i) =>
      rowOf({ customer: 5, day: i - 2_500, channel: 'late', country: undefined }, `l${i}`),
    );
    const others = [4, 6].map((customer) =>
      rowOf({ customer, day: 0, channel: `of c${customer}`, country: 'de' }, `o${customer}`),
    );
    await send('scan', [...long, ...others], 5_000);
    const seen: unknown[] = [];
    await logScan(store.database)(
      { tenant: 'scan', endDay: FIRST_DAY },
      (id, days, acquired) => seen.push([id, days.length, attributesAt(acquired, FIRST_DAY)]),
      () => undefined,
    );
    expect(seen).toEqual([
      ['c4', 1, { channel: 'of c4', country: 'de' }],
      ['c5', 2_500, { channel: 'late' }],
      ['c6', 1, { channel: 'of c6', country: 'de' }],
    ]);
  });
});
