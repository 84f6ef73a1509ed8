/**
 * Goal: the columnar engine makes the same histories of a log as the engines' own TypeScript, from CSV and from
 * Parquet, and refuses what that refuses. Method: both ways over CDNOW, Online Retail and random logs full of
 * refunds, compared customer by customer; dates and amounts one by one.
 */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { PurchaseHistory, rowOf, TableBuilder, type CustomerTable } from '@kiki/clv';
import { dayNumber, SeededRandom } from '@kiki/kernel';
import { OrderLogReader, readOrderLog } from '@kiki/orderlog';
import { dataFile, describeUnless, testSeed } from '@kiki/testing';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { columnarMissing, withEngine } from './duckdb.js';
import type { OrderSource } from './order-source.js';
import { summarizeOrders, type SummaryOptions } from './summarize-orders.js';

jest.setTimeout(120_000);

type Rows = Map<string, object>;

/** Statistics per customer, made by the columnar engine. */
async function columnar(source: OrderSource, endDay?: number): Promise<Rows> {
  const builder = new TableBuilder('week');
  const totals: number[] = [];
  const options: SummaryOptions = {
    ...(endDay !== undefined && { endDay }),
    onCustomer: ({ customerId, ...summary }, end) => {
      builder.add(customerId, summary, end);
      totals.push(summary.totalMicros);
    },
  };
  await summarizeOrders(source, options);
  return byCustomer(builder.build(), totals);
}

/** The same by the pure path. */
function pure(source: OrderSource, endDay?: number): Rows {
  const { columns, timeZone = 'UTC', refundsDeclared = false } = source;
  const history = new PurchaseHistory(timeZone);
  const options = { columns, timeZone, refundsDeclared, derivesIds: false };
  let last = -Infinity;
  for (const row of readOrderLog(readFileSync(source.path, 'utf8'), options).rows) {
    history.add(row);
    last = Math.max(last, dayNumber(row.atMs, timeZone));
  }
  const table = history.table(endDay ?? last, 'week');
  const spent = history.actuals(table.customerIds, -Infinity, endDay ?? last).spendMicros;
  return byCustomer(table, spent);
}

function byCustomer(table: CustomerTable, totals: ArrayLike<number>): Rows {
  return new Map(
    table.customerIds.map((id, i) => [id, { ...rowOf(table, i), totalMicros: totals[i] }]),
  );
}

/** A log as Parquet, its columns cast to types. */
async function parquetOf(csv: string, parquet: string, select: string): Promise<void> {
  await withEngine({}, (connection) =>
    connection.run(
      `COPY (SELECT ${select} FROM read_csv('${csv}', all_varchar = true)) TO '${parquet}' (FORMAT parquet)`,
    ),
  );
}

describeUnless(await columnarMissing(), 'summarizeOrders', () => {
  let folder = '';
  const columns = { id: 'id', date: 'date', amount: 'amount' };
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  // Not before the specs run: where they are skipped nothing is left behind.
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kiki-columnar-spec-'));
    mkdirSync(join(folder, 'spill'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('nets random refunds as the engine does, at any end, from CSV and Parquet', async () => {
    const random = new SeededRandom(testSeed());
    const lines = Array.from({ length: 40_000 }, () => {
      const day = new Date(Date.UTC(2024, 0, 1 + random.nextInt(25))).toISOString().slice(0, 10);
      const cents = random.nextInt(600) * (random.nextInt(3) === 0 ? -1 : 1);
      return `c${random.nextInt(8_000)},${day},${(cents / 100).toFixed(2)}`;
    });
    const path = write('random.csv', `id,date,amount\n${lines.join('\n')}\n`);
    const source = { path, columns, refundsDeclared: true };
    const parquet = join(folder, 'random.parquet');
    await parquetOf(path, parquet, 'id, date::DATE AS date, amount::DOUBLE AS amount');
    for (const end of [undefined, Date.UTC(2024, 0, 12) / 86_400_000]) {
      const wanted = pure(source, end);
      expect(wanted.size).toBeGreaterThan(5_000);
      expect(await columnar(source, end)).toEqual(wanted);
      expect(await columnar({ ...source, path: parquet }, end)).toEqual(wanted);
    }
  });

  it.each([
    ['ltv/cdnowElog.csv', { id: 'masterid', date: 'date', amount: 'sales' }, 'date'],
    [
      'ltv/online_retail_invoices.csv',
      { id: 'customer_id', date: 'timestamp', amount: 'amount_gbp' },
      'timestamp::TIMESTAMP AS timestamp',
    ],
  ])('equals the pure path on %s', async (name, named, date) => {
    const path = dataFile(name);
    if (path === undefined) return void process.stdout.write(`skipped: ${name} is not there\n`);
    const source = { path, columns: named, refundsDeclared: true };
    const wanted = pure(source);
    expect(wanted.size).toBeGreaterThan(2_000);
    expect(await columnar(source)).toEqual(wanted);
    const parquet = join(folder, 'typed.parquet');
    const { id, amount } = named;
    const select = `${id}::INTEGER AS ${id}, ${date}, ${amount}::DECIMAL(12, 2) AS ${amount}`;
    await parquetOf(path, parquet, select);
    expect(await columnar({ ...source, path: parquet })).toEqual(wanted);
  });

  it('reads and refuses dates, ids and amounts as the order-log reader does', async () => {
    const dates = [
      '20250228',
      '20250229',
      '2025-03-30',
      '2025-13-01',
      '2025-02-30',
      '1899-12-31',
      '1900-01-01',
      '2025/02/28',
      '2025/02-28',
      '28/02/2025',
    ];
    const times = [
      '2025-01-01 23:30',
      '2025-01-01T23:30:59',
      '2025-01-01 24:00',
      '2025-01-01 23:30:00.123456789',
    ];
    const zoned = [
      '2025-01-01T23:30:00Z',
      '2025-01-01 23:30:00 +01:00',
      '2025-01-01T00:30:00-0500',
      '2025-06-30t22:30z',
      '2025-01-01 23:30:00+01',
      '2025/01/01 23:30 UTC',
      '2025-01-01 23:30:00.5 -03',
      '2025-01-01T23:30:00+0160',
    ];
    const amounts = [
      '1',
      '+1.5',
      '-0',
      '.5',
      '5.',
      '1e3',
      '1.0000001',
      '1.0000000',
      '22.200000000000003',
      '77.39999999999999',
      '-0.0000000001',
      '9.9999999',
      '9.9999999999',
      '9007199254.740991',
      '9007199254.740992',
      'x',
    ];
    const cases = [
      ...[...dates, ...times, ...zoned, 'yesterday'].map((date) => `a,${date},1`),
      ...amounts.map((amount) => `a,2025-01-01,${amount}`),
      ...[' a ', 'é', 'x'.repeat(128), 'x'.repeat(129), 'a\u0001b'].map(
        (id) => `${id},2025-01-01,1`,
      ),
    ];
    for (const [i, line] of cases.entries()) {
      const text = `id,date,amount\n${line}\n`;
      const path = write(`case${i}.csv`, text);
      const source = { path, columns, timeZone: 'Europe/Berlin' };
      const reader = new OrderLogReader({ columns, timeZone: 'Europe/Berlin', badRows: 'skip' });
      let wanted: unknown = 'columnar_rows_invalid';
      for await (const row of reader.read(Readable.from([text]))) {
        const history = new PurchaseHistory('Europe/Berlin');
        history.add(row);
        wanted = [row.customerId, history.firstDay, Number(row.amountMicros)];
      }
      const got: unknown[] = [];
      const failed = await summarizeOrders(source, {
        onCustomer: ({ customerId, firstDay, totalMicros }) =>
          got.push(customerId, firstDay, totalMicros),
      }).catch((error: { code: string }) => error.code);
      expect([line, typeof failed === 'string' ? failed : got]).toEqual([line, wanted]);
    }
  });

  it('says how many rows are unusable, and which columns there are', async () => {
    const path = write("it's.csv", 'id,date,amount\na,2025-01-01,-1\n,2025-01-01,1\nb,never,1\n');
    const onCustomer = (): void => undefined;
    await expect(summarizeOrders({ path, columns }, { onCustomer })).rejects.toMatchObject({
      code: 'columnar_rows_invalid',
      message: expect.stringMatching(
        /^Of 3 rows: 1 with another id.*1 with another date.*amount ≥ 0/,
      ) as unknown,
    });
    const named = { ...columns, date: 'day"; DROP' };
    await expect(summarizeOrders({ path, columns: named }, { onCustomer })).rejects.toMatchObject({
      code: 'columnar_column_missing',
      message: expect.stringContaining('id, date, amount') as unknown,
    });
    const nowhere = { path: join(folder, 'nowhere.parquet'), columns };
    await expect(summarizeOrders(nowhere, { onCustomer })).rejects.toMatchObject({
      code: 'columnar_source_unreadable',
    });
  });

  it('leaves nothing behind, also when it is left', async () => {
    const spillDir = join(folder, 'spill');
    const path = write('left.csv', 'id,date,amount\na,2025-01-01,1\nb,2025-01-01,1\n');
    const leave = new AbortController();
    const onCustomer = (): void => leave.abort(new Error('left'));
    const options = { spillDir, onCustomer, signal: leave.signal };
    await summarizeOrders({ path, columns }, { ...options, onCustomer: () => undefined });
    leave.abort(new Error('left'));
    await expect(summarizeOrders({ path, columns }, options)).rejects.toThrow('left');
    expect(readdirSync(spillDir)).toEqual([]);
  });
});
