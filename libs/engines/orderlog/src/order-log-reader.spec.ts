/**
 * Goal: an order log is read exactly, whatever its layout and wherever its chunks are cut, and nothing bad
 * passes silently. Method: small logs with one flaw each, a property over all cuts, and CDNOW's real files
 * where they are there.
 */
import { describe, expect, it, jest } from '@jest/globals';
import { describeWithData } from '@kiki/testing';
import fc from 'fast-check';
import { createReadStream, readFileSync } from 'node:fs';
import { OrderLogReader, readOrderLog } from './order-log-reader.js';
import type { OrderLogOptions, OrderRow } from './order-row.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const MASTER = ' customer_id  date number_of_cds  dollar_value\r\n 00001 19970101  1   11.77\r\n';
const SAMPLE = ' 00004 0001 19970101  2   29.33\r\n 00004 0001 19970118  2   29.73\r\n';
const CSV = 'customer_id,date,amount\na,2025-01-01,5\nb,2025-01-02,6.5\n';

function codeOf(text: string | Uint8Array, options?: OrderLogOptions): unknown {
  try {
    readOrderLog(text, options);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return undefined;
}

function skipped(text: string, options: OrderLogOptions = {}) {
  const { rows, report } = readOrderLog(text, { badRows: 'skip', ...options });
  return { rows, problems: report.problems.map(({ line, code, field }) => [line, code, field]) };
}

describe('layouts', () => {
  it('knows CDNOW with its header, spaces and CRLF', () => {
    const { rows, report } = readOrderLog(MASTER);
    expect(report).toMatchObject({ layout: 'cdnow_master', rows: 1, skipped: 0, lines: 2 });
    expect(rows).toEqual([
      expect.objectContaining({
        line: 2,
        customerId: '00001',
        atMs: Date.UTC(1997, 0, 1),
        amountMicros: 11_770_000n,
        currency: null,
        isRefund: false,
      }),
    ]);
  });

  it("knows CDNOW's sample, whose rows carry a second id", () => {
    const { rows, report } = readOrderLog(SAMPLE, { currency: 'USD' });
    expect(report.layout).toBe('cdnow_sample');
    expect(rows.map((row) => [row.line, row.customerId, row.amountMicros, row.currency])).toEqual([
      [1, '00004', 29_330_000n, 'USD'],
      [2, '00004', 29_730_000n, 'USD'],
    ]);
  });

  it('finds well-known headers in any order and with any of four delimiters', () => {
    for (const delimiter of [',', ';', '\t', '|']) {
      const text = `Total${delimiter}Customer ID${delimiter}Order Date\n5${delimiter}a${delimiter}20250101\n`;
      const { rows, report } = readOrderLog(text);
      expect(report.columns).toEqual({ id: 'Customer ID', date: 'Order Date', amount: 'Total' });
      expect(rows[0]).toMatchObject({ customerId: 'a', amountMicros: 5_000_000n });
    }
  });

  it('takes the columns that are named, compared without case', () => {
    const text = 'who,when,paid,tx,cur\na,2025-01-01T10:00:00+02:00,3.5,t1,EUR\n';
    const { rows } = readOrderLog(text, {
      columns: 'id=WHO,date=when,amount=paid,transactionId=tx,currency=cur',
    });
    expect(rows[0]).toMatchObject({
      customerId: 'a',
      transactionId: 't1',
      currency: 'EUR',
      atMs: Date.UTC(2025, 0, 1, 8),
    });
  });

  it('reads a log without amounts', () => {
    const { rows } = readOrderLog('date,id\n2014-03-08 00:00:00,0\n');
    expect(rows[0]).toMatchObject({ customerId: '0', amountMicros: null });
  });

  it('refuses what it does not know, by code', () => {
    expect(codeOf('')).toBe('order_log_empty');
    expect(codeOf('\n \n')).toBe('order_log_empty');
    expect(codeOf('customer_id,date,amount\n')).toBe('order_log_empty');
    expect(codeOf('foo,bar\n1,2\n')).toBe('order_log_layout_unknown');
    expect(codeOf(CSV, { columns: 'id=nope,date=date' })).toBe('order_log_column_missing');
    for (const columns of ['id=a', 'id=a,date=b,foo=c', 'id=a,id=b,date=c', 'id=,date=b', 'id']) {
      expect(codeOf(CSV, { columns })).toBe('order_log_columns_invalid');
    }
    expect(codeOf(CSV, { timeZone: 'Mars/Base' })).toBe('invalid_request');
  });
});

describe('CSV', () => {
  it('reads quoted fields with delimiters, quotes and line ends in them', () => {
    const text =
      'id,date,amount,note\n"a, ""b""",2025-01-01,"5.00","two\nlines"\nc,2025-01-02,6,x\n';
    const { rows, report } = readOrderLog(text);
    expect(rows.map((row) => [row.line, row.customerId])).toEqual([
      [2, 'a, "b"'],
      [4, 'c'],
    ]);
    expect(report.lines).toBe(4);
  });

  it('drops a byte order mark, takes CRLF and a last line without an end', () => {
    const bytes = new TextEncoder().encode(`\uFEFF${CSV.replaceAll('\n', '\r\n').trimEnd()}`);
    expect(readOrderLog(bytes).rows.map((row) => row.customerId)).toEqual(['a', 'b']);
  });

  it('loses one line, not the rest of the file, to a quote that is never closed', () => {
    const rest = Array.from({ length: 300 }, (_, i) => `c${i},2025-01-01,5`).join('\n');
    const { rows, problems } = skipped(`id,date,amount\n"open,2025-01-01,5\n${rest}\n`);
    expect(problems).toEqual([[2, 'order_row_malformed', 'row']]);
    expect(rows).toHaveLength(300);
  });
});

describe('bad rows', () => {
  const text = [
    'id,date,amount,currency',
    'a,2025-01-01,5,USD',
    ',2025-01-01,5,USD',
    'b,2025-02-30,5,USD',
    'c,2025-01-01,five,USD',
    'd,2025-01-01,-5,USD',
    'e,2025-01-01,5,EUR',
    'f,2025-01-01,5',
    'g,2025-01-01,"5"x,USD',
    'h,2025-01-01,1.1234567,USD',
    'i,2025-01-01,NaN,USD',
    'j,2025-01-01,9e9,USD',
    `${'k'.repeat(129)},2025-01-01,5,USD`,
    'z,2025-01-01,5,USD',
  ].join('\n');

  it('are told by line and code when they are skipped', () => {
    const { rows, problems } = skipped(text, { currency: 'USD' });
    expect(rows.map((row) => row.customerId)).toEqual(['a', 'z']);
    expect(problems).toEqual([
      [3, 'customer_id_invalid', 'id'],
      [4, 'date_invalid', 'date'],
      [5, 'amount_invalid', 'amount'],
      [6, 'amount_negative', 'amount'],
      [7, 'order_currency_invalid', 'currency'],
      [8, 'order_row_malformed', 'row'],
      [9, 'order_row_malformed', 'row'],
      [10, 'amount_invalid', 'amount'],
      [11, 'amount_invalid', 'amount'],
      [12, 'amount_invalid', 'amount'],
      [13, 'customer_id_invalid', 'id'],
    ]);
  });

  it('refuse the whole log by default, naming the first line and every field', () => {
    const reader = new OrderLogReader({ currency: 'USD' });
    const rows: OrderRow[] = [];
    let error: unknown;
    try {
      for (const row of reader.readSync([text])) rows.push(row);
    } catch (thrown) {
      error = thrown;
    }
    // What came before the first bad row was given out already; nothing after it is.
    expect(rows.map((row) => row.customerId)).toEqual(['a']);
    expect(error).toMatchObject({ code: 'customer_id_invalid', details: { badRows: 11 } });
    expect((error as Error).message).toMatch(/^Line 3, id: .*\(and 10 more bad rows\)\.$/);
  });

  it('are counted beyond the ones that are kept', () => {
    const { report } = readOrderLog(text, { badRows: 'skip', currency: 'USD', maxProblems: 2 });
    expect(report).toMatchObject({ rows: 2, skipped: 11 });
    expect(report.problems).toHaveLength(2);
  });

  it('do not include refunds that the source declares', () => {
    const log = 'id,date,amount\na,2025-01-01,5\na,2025-01-02,-2\n';
    expect(codeOf(log)).toBe('amount_negative');
    const { rows, report } = readOrderLog(log, { refundsDeclared: true });
    expect(rows[1]).toMatchObject({ amountMicros: -2_000_000n, isRefund: true });
    expect(report.refunds).toBe(1);
  });

  it('include lines that no sane row has', () => {
    const { problems, rows } = skipped(`${CSV}${'x'.repeat(200_000)}\nc,2025-01-03,7\n`);
    expect(problems).toEqual([[4, 'order_row_malformed', 'row']]);
    expect(rows).toHaveLength(3);
  });
});

describe('ids of rows without ids', () => {
  it('tell equal rows apart, and are the same on every import', () => {
    const log = 'id,date,amount\na,2025-01-01,5\nb,2025-01-01,5\na,2025-01-01,5\n';
    const ids = readOrderLog(log).rows.map((row) => row.transactionId);
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => /^[0-9a-f]{64}$/.test(id))).toBe(true);
    expect(readOrderLog(log).rows.map((row) => row.transactionId)).toEqual(ids);
  });

  it('do not depend on the lines around them', () => {
    const one = readOrderLog('id,date,amount\na,2025-01-01,5\n').rows[0]?.transactionId;
    const two = readOrderLog('id,date,amount\nb,2025-01-01,5\na,2025-01-01,5\n').rows[1];
    expect(two?.transactionId).toBe(one);
  });
});

describe('times', () => {
  it('are of the declared time zone unless they carry an offset', () => {
    const log = 'id,date\na,2025-07-01\nb,2025-07-01 10:30\nc,2025-07-01T10:30:15.25Z\n';
    const { rows } = readOrderLog(log, { timeZone: 'Europe/Berlin' });
    expect(rows.map((row) => new Date(row.atMs).toISOString())).toEqual([
      '2025-06-30T22:00:00.000Z',
      '2025-07-01T08:30:00.000Z',
      '2025-07-01T10:30:15.250Z',
    ]);
  });
});

describe('files of other programs', () => {
  const rowsOf = (text: string | Uint8Array, options?: OrderLogOptions) =>
    readOrderLog(text, options).rows.map(({ customerId, atMs, amountMicros }) => [
      customerId,
      new Date(atMs).toISOString().slice(0, 16),
      amountMicros === null ? null : Number(amountMicros) / 1e6,
    ]);

  it('are read by position, with a header or without', () => {
    const rows = [['a', '2025-01-02T00:00', 5]];
    expect(rowsOf('9,a,2025-01-02,5\n', { columns: 'id=2,date=3,amount=4' })).toEqual(rows);
    expect(rowsOf('n,a,b,c\n9,a,2025-01-02,5\n', { columns: 'id=2,date=3,amount=4' })).toEqual(
      rows,
    );
    // A column that is called 2 comes first.
    expect(rowsOf('2,1,d\na,x,2025-01-02\n', { columns: 'id=2,date=d' })).toEqual([
      ['a', '2025-01-02T00:00', null],
    ]);
    expect(codeOf(CSV, { columns: 'id=1,date=4' })).toBe('order_log_column_missing');
  });

  it("name CDNOW's columns although its rows have no header", () => {
    const wanted = [
      ['00004', '1997-01-01T00:00', 29.33],
      ['00004', '1997-01-18T00:00', 29.73],
    ];
    for (const columns of [
      'id=customer_id,date=date,amount=dollar_value',
      'id=masterid,date=date,amount=sales',
      'id=1,date=3,amount=5',
    ]) {
      expect(rowsOf(SAMPLE, { columns })).toEqual(wanted);
    }
    expect(rowsOf(SAMPLE, { columns: 'id=sample_id,date=date' })).toMatchObject([
      ['0001', '1997-01-01T00:00', null],
      ['0001', '1997-01-18T00:00', null],
    ]);
    expect(rowsOf(SAMPLE.trim().replaceAll(/ +/g, '\t').replaceAll('\t00004', '00004'))).toEqual(
      wanted,
    );
    expect(() => readOrderLog(SAMPLE, { columns: 'id=who,date=date' })).toThrow(
      'no header and no column "who"; its columns are master_id',
    );
  });

  it('may be separated by spaces, and a header with tabs is none of CDNOW', () => {
    const rows = [['a', '2025-01-02T00:00', 5]];
    expect(rowsOf('Date  Customer Country  Amount\n20250102 a DE 5\n')).toEqual(rows);
    expect(rowsOf('customer date amount country\na 20250102 5 DE\n')).toEqual(rows);
    expect(rowsOf('buyer date n paid\na 20250102 1 5\n')).toEqual(rows);
    expect(rowsOf('customer\tdate\tamount\tcountry\na\t20250102\t5\tDE\n')).toEqual(rows);
    expect(rowsOf('"no, name";customer;date;amount\n"x";a;20250102;5\n')).toEqual(rows);
  });

  it('may be UTF-16 or end their lines with CR alone', () => {
    const text = 'id,date,amount\ra,2025-01-02,5\rü,2025-01-03,6';
    const rows = [
      ['a', '2025-01-02T00:00', 5],
      ['ü', '2025-01-03T00:00', 6],
    ];
    expect(rowsOf(text)).toEqual(rows);
    const little = Buffer.from(`\uFEFF${text.replaceAll('\r', '\r\n')}`, 'utf16le');
    expect(rowsOf(little)).toEqual(rows);
    expect(rowsOf(Buffer.from(little).swap16())).toEqual(rows);
  });

  it('write instants in several ways, and days that nobody can read are told', () => {
    const instants = ['+01', '+0100', '+01:00', ' +01:00', 'z', ' UTC'];
    const log = `id,date\n${instants.map((zone) => `a,2025/01/02 00:30:00${zone}`).join('\n')}\n`;
    const hours = rowsOf(log).map(([, at]) => at);
    expect(hours).toEqual([
      ...Array.from({ length: 4 }, () => '2025-01-01T23:30'),
      ...['2025-01-02T00:30', '2025-01-02T00:30'],
    ]);
    for (const day of ['03/04/2025', '3.4.25', '13/04/2025 10:00']) {
      expect(() => readOrderLog(`id,date\na,${day}\n`)).toThrow(
        /^Line 2, date: .* is not YYYYMMDD.*which part is the day is not clear/,
      );
    }
    for (const day of ['2025-01/02', '2025-1-2', '20250230', '1735689600', 'NaT', '']) {
      expect(codeOf(`id,date\na,${day}\n`)).toBe('date_invalid');
    }
  });

  it('may carry what doubles leave behind, and no other digits beyond micros', () => {
    const amounts = [
      '22.200000000000003',
      '77.39999999999999',
      '-0.30000000000000004',
      '9.9999999999',
    ];
    const log = (amount: string): string => `id,date,amount\na,2025-01-02,${amount}\n`;
    const read = amounts.map((amount) => rowsOf(log(amount), { refundsDeclared: true })[0]?.[2]);
    expect(read).toEqual([22.2, 77.4, -0.3, 10]);
    for (const amount of ['1.1234567', '"1,234.50"', '$12', '12,50', '1e3', '', 'NaN', '.5']) {
      expect(codeOf(log(amount.includes(',') ? `"${amount.replaceAll('"', '')}"` : amount))).toBe(
        'amount_invalid',
      );
    }
  });

  it('may end their rows with delimiters too many', () => {
    expect(rowsOf('id,date,amount\na,2025-01-02,5,,\n')).toEqual([['a', '2025-01-02T00:00', 5]]);
    for (const row of ['a,2025-01-02,5,x', 'a,2025-01-02', 'a,2025-01-02,5,,x']) {
      expect(codeOf(`id,date,amount\n${row}\n`)).toBe('order_row_malformed');
    }
  });

  it('name no column twice', () => {
    const text = 'id,date,id\na,2025-01-02,b\n';
    expect(codeOf(text, { columns: 'id=id,date=date' })).toBe('order_log_columns_invalid');
    expect(rowsOf(text, { columns: 'id=3,date=date' })).toEqual([['b', '2025-01-02T00:00', null]]);
  });
});

describe('streaming', () => {
  it('gives the same rows and report wherever the bytes are cut', () => {
    const text = `\uFEFFid;date;amount;name\r\na;2025-01-01;5;"Zoë; ""ü"""\r\nb;2025-13-01;6;x\r\nc;20250102;7;"y\r\nz"`;
    const options = { badRows: 'skip' } as const;
    const encodings = [
      new TextEncoder().encode(text),
      new TextEncoder().encode(text.replaceAll('\r\n', '\r')),
      new Uint8Array(Buffer.from(text, 'utf16le')),
    ];
    for (const bytes of encodings) {
      const whole = readOrderLog(bytes, options);
      expect(whole.report).toMatchObject({ rows: 2, skipped: 1 });
      fc.assert(
        fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
          const ends = [...cuts.sort((a, b) => a - b), bytes.length];
          const chunks = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
          const reader = new OrderLogReader(options);
          expect([...reader.readSync(chunks)]).toEqual(whole.rows);
          expect(reader.report()).toEqual(whole.report);
        }),
      );
    }
  });

  it('gives rows out while the rest has not been read yet', async () => {
    let read = 0;
    async function* chunks(): AsyncGenerator<string> {
      yield 'id,date,amount\n';
      for (;;) {
        read += 1;
        yield `c${read},2025-01-01,5\n`;
      }
    }
    let seen = 0;
    for await (const row of new OrderLogReader().read(chunks())) {
      expect(row.customerId).toBe(`c${++seen}`);
      expect(read - seen).toBeLessThanOrEqual(1);
      if (seen === 100) break;
    }
  });
});

describeWithData('ltv/CDNOW_master.txt', 'CDNOW, all customers', (path) => {
  it('streams from the file as it reads from memory', async () => {
    const whole = readOrderLog(readFileSync(path));
    expect(whole.report).toMatchObject({ layout: 'cdnow_master', rows: 69_659, skipped: 0 });
    expect(new Set(whole.rows.map((row) => row.customerId)).size).toBe(23_570);
    expect(new Set(whole.rows.map((row) => row.transactionId)).size).toBe(69_659);
    const cents = whole.rows.reduce((sum, row) => sum + (row.amountMicros ?? 0n), 0n) / 10_000n;
    expect(cents).toBe(250_031_563n);
    let rows = 0;
    for await (const row of new OrderLogReader().read(createReadStream(path))) {
      if (row.transactionId !== whole.rows[rows++]?.transactionId) throw new Error(`row ${rows}`);
    }
    expect(rows).toBe(69_659);
  });
});

describe("CDNOW's header with a column map", () => {
  const text = ' customer_id  date number_of_cds  dollar_value\r\n 00001 19970101  1   11.77\r\n';

  it('is read by its names', () => {
    const columns = 'id=customer_id,date=date,amount=dollar_value';
    const { rows, report } = readOrderLog(text, { columns });
    expect(rows).toMatchObject([{ customerId: '00001', amountMicros: 11_770_000n }]);
    expect(report.layout).toBe('cdnow_master');
    const other = readOrderLog(text, { columns: 'id=customer_id,date=date' });
    expect(other.rows).toMatchObject([{ amountMicros: null }]);
  });

  it('still misses a column that is not there', () => {
    expect(codeOf(text, { columns: 'id=who,date=date' })).toBe('order_log_column_missing');
  });
});

describe('a log that needs no ids', () => {
  const text = 'id,date\na,2025-01-01\na,2025-01-01\nb,2025-02-30\n';

  it('gives the same rows without them', () => {
    const { rows, report } = readOrderLog(text, { derivesIds: false, badRows: 'skip' });
    const full = readOrderLog(text, { badRows: 'skip' });
    expect(rows).toEqual(full.rows.map((row) => ({ ...row, transactionId: '' })));
    expect(report).toEqual(full.report);
    expect(rows).toHaveLength(2);
  });

  it('keeps ids that it has', () => {
    const own = 'id,date,transactionid\na,2025-01-01,t1\n';
    expect(readOrderLog(own, { derivesIds: false }).rows[0]?.transactionId).toBe('t1');
  });
});

describeWithData('ltv/CDNOW_sample.txt', "CDNOW's 1/10 sample", (path) => {
  it('is read whole', () => {
    const { rows, report } = readOrderLog(readFileSync(path));
    expect(report).toMatchObject({ layout: 'cdnow_sample', rows: 6_919, skipped: 0 });
    expect(new Set(rows.map((row) => row.customerId)).size).toBe(2_357);
  });
});

describeWithData('ltv/online_retail_invoices.csv', 'Online Retail', (path) => {
  const options = { columns: 'id=customer_id,date=timestamp,amount=amount_gbp', currency: 'GBP' };

  it('is refused until its cancellations are declared refunds', () => {
    const text = readFileSync(path);
    expect(codeOf(text, options)).toBe('amount_negative');
    const { report } = readOrderLog(text, { ...options, refundsDeclared: true });
    expect(report).toMatchObject({ rows: 22_190, refunds: 3_654, skipped: 0 });
  });
});
