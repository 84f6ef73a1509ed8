/**
 * Goal: a log is read as it is described: a known dialect, without rows of nothing, day by day, from S3. Method: small
 * logs against what `@kiki/clv` makes of the same rows.
 */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { PurchaseHistory } from '@kiki/clv';
import { dayNumber } from '@kiki/kernel';
import { layoutIn, readOrderLog } from '@kiki/orderlog';
import { describeUnless, startS3 } from '@kiki/testing';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { columnarMissing } from './duckdb.js';
import { columnNames } from './log-columns.js';
import { columnAt, type OrderSource } from './order-source.js';
import { summarizeOrders } from './summarize-orders.js';

jest.setTimeout(120_000);

describeUnless(await columnarMissing(), 'an order source', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kiki-source-spec-'));
    mkdirSync(join(folder, 'spill'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const columns = { id: 'id', date: 'date', amount: 'amount' };
  const LOG = [
    ...['b,2025-01-03,5', 'a,2025-01-01,0', 'a,2025-01-02,0', 'b,2025-01-01,2', 'b,2025-01-03,1'],
    ...['é,2025-01-04,1', 'c,2025-01-02,0', '0a,2025-01-05,3', '0a,2025-01-05,-1'],
  ];

  function write(name: string, content: string | Uint8Array): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** Everything that a source tells. */
  async function told(source: OrderSource, spillDir = join(folder, 'spill')) {
    const customers: (string | number)[][] = [];
    const days: [string, readonly number[]][] = [];
    const summary = await summarizeOrders(source, {
      spillDir,
      onCustomer: ({ customerId, frequency, firstDay, lastDay, totalMicros }) =>
        customers.push([customerId, frequency, firstDay, lastDay, totalMicros]),
      onDays: (id, each) => days.push([id, each]),
    });
    return { customers, days, summary };
  }

  it('tells the purchase days and leaves rows of nothing out when asked', async () => {
    const path = write('log.csv', `id,date,amount\n${LOG.join('\n')}\n`);
    for (const ignoresZero of [false, true]) {
      const history = new PurchaseHistory();
      for (const row of readOrderLog(`id,date,amount\n${LOG.join('\n')}\n`, {
        refundsDeclared: true,
      }).rows) {
        if (!ignoresZero || row.amountMicros !== 0n) history.add(row);
      }
      const log = history.log(dayNumber(Date.UTC(2025, 0, 5)));
      const wanted = log.customerIds.map((id, i) => [id, [...log.daysOf(i)]]);
      const { days, customers, summary } = await told({
        ...{ path, columns, ignoresZero, refundsDeclared: true },
      });
      expect(days).toEqual(wanted);
      expect(customers.map(([id]) => id)).toEqual(log.customerIds);
      expect(summary).toMatchObject({ rows: 9, zeros: 3, refunds: 1, customers: wanted.length });
    }
  });

  it('has as many purchases of nothing as rows where a log has no amounts', async () => {
    const path = write('bare.csv', 'id,date\na,2025-01-01\na,2025-01-02\n');
    const bare = { path, columns: { id: 'id', date: 'date' }, ignoresZero: true };
    const day = dayNumber(Date.UTC(2025, 0, 1));
    expect((await told(bare)).customers).toEqual([['a', 1, day, day + 1, 0]]);
  });

  it.each([
    ['semicolons and quotes', 'id;date;amount\n"a;""b""";2025-01-01;5\n'],
    ['a repeated name', 'date\tid\tamount\tdate\n2025-01-01\ta\t5\tx\n'],
    ['positions and no header', '2025-01-01,a,5\n'],
    [
      'a mark, CRLF, blank lines, trailing commas',
      '\uFEFFid,date,amount\r\n\r\na,20250101,5,,\r\n',
    ],
    ['one comma in a name', '"id, of whom";"date";amount\n007;2025-01-01;5\n'],
  ])('reads %s as the order-log reader does', async (name, text) => {
    const byPlace = {
      'a repeated name': 'id=id,date=1,amount=amount',
      'positions and no header': 'id=2,date=1,amount=3',
      'one comma in a name': 'id=1,date=date,amount=amount',
    }[name];
    const named = byPlace ?? 'id=id,date=date,amount=amount';
    const layout = layoutIn(Buffer.from(text), named);
    if (layout?.delimiter === undefined) throw new Error('no layout');
    const { delimiter, header, hasHeader, id, date, amount } = layout;
    const source = {
      path: write('dialect.csv', text),
      csv: { delimiter, width: header.length, hasHeader },
      columns: { id: columnAt(id), date: columnAt(date), amount: columnAt(amount ?? NaN) },
    };
    const history = new PurchaseHistory();
    const { rows } = readOrderLog(text, { columns: named });
    rows.forEach((row) => history.add(row));
    const day = history.firstDay;
    expect((await told(source)).customers).toEqual(
      rows.map(({ customerId }) => [customerId, 0, day, day, 5_000_000]),
    );
  });

  it('has one currency, which its rows name or the source wants', async () => {
    const rows = ['a,2025-01-01,EUR', 'b,2025-01-02,EUR'];
    const path = write('euro.csv', `id,date,cur\n${rows.join('\n')}\n`);
    const named = { id: 'id', date: 'date', currency: 'cur' };
    expect((await told({ path, columns: named })).summary).toMatchObject({ currency: 'EUR' });
    const bare = { id: 'id', date: 'date' };
    expect((await told({ path, columns: bare })).summary.currency).toBeUndefined();
    const dollars = { path, columns: named, currency: 'USD' };
    const failing = [dollars];
    for (const row of ['c,2025-01-03,USD', 'c,2025-01-03,', 'c,2025-01-03,eur']) {
      const text = `id,date,cur\n${[...rows, row].join('\n')}\n`;
      failing.push({
        ...dollars,
        path: write(`mixed${failing.length}.csv`, text),
        currency: 'EUR',
      });
    }
    for (const source of failing) {
      await expect(told(source)).rejects.toMatchObject({ code: 'columnar_rows_invalid' });
    }
  });

  it('names its columns', async () => {
    const path = write('named.csv', 'Customer ID,Day\na,2025-01-01\n');
    expect(await columnNames({ path })).toEqual(['Customer ID', 'Day']);
  });

  it('is read from S3, also compressed, and leaves nothing behind', async () => {
    const s3 = await startS3();
    try {
      const bytes = gzipSync(`id,date,amount\n${LOG.join('\n')}\n`);
      s3.objects.set('logs/log.csv.gz', { bytes, contentType: 'text/csv' });
      const { accessKeyId, secretAccessKey, endpoint, region, bucket } = s3;
      const source = {
        ...{ path: `s3://${bucket}/logs/log.csv.gz`, columns, refundsDeclared: true },
        s3: { endpoint, region, credentials: { accessKeyId, secretAccessKey } },
      };
      expect((await told(source)).summary).toMatchObject({ rows: 9, customers: 5 });
      await expect(told({ ...source, refundsDeclared: false })).rejects.toMatchObject({
        code: 'columnar_rows_invalid',
      });
      await expect(told({ ...source, path: `s3://${bucket}/none.csv` })).rejects.toMatchObject({
        code: 'object_not_found',
      });
      expect(readdirSync(join(folder, 'spill'))).toEqual([]);
    } finally {
      await s3.stop();
    }
  });
});
