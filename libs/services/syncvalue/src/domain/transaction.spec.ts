/**
 * Goal: rows are checked alike whatever comes. Method: each rule with a row that breaks it; junk by fast-
 * check.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DerivedIds, readOrderLog } from '@kiki/orderlog';
import { isRowProblem, RowReader, type IncomingRow } from './transaction.js';

const latestMs = Date.UTC(2026, 0, 1);
const row: IncomingRow = {
  transactionId: '',
  customerId: 'a',
  occurredAtMs: Date.UTC(2025, 0, 1),
  amountMicros: 5_000_000n,
  currency: 'USD',
  kind: 'unspecified',
};

const reader = (areNegativesRefunds = false): RowReader =>
  new RowReader({ areNegativesRefunds, latestMs });

describe('RowReader', () => {
  it('reads refunds by kind with either sign, by sign only where they are declared', () => {
    const amounts = (reading: RowReader, rows: Partial<IncomingRow>[]): unknown[] =>
      rows.map((part, i) => {
        const read = reading.read({ ...row, ...part }, i);
        return isRowProblem(read) ? read.code : [read.amountMicros, read.isRefund];
      });
    const rows: Partial<IncomingRow>[] = [
      { amountMicros: -3n },
      { amountMicros: 3n, kind: 'refund' },
      { amountMicros: -3n, kind: 'refund' },
      { amountMicros: -3n, kind: 'purchase' },
      { amountMicros: 0n, kind: 'refund' },
      { amountMicros: 0n },
    ];
    const refunded = [[-3n, true], [-3n, true], 'amount_negative', [0n, true], [0n, false]];
    expect(amounts(reader(), rows)).toEqual(['amount_negative', ...refunded]);
    expect(amounts(reader(true), rows)).toEqual([[-3n, true], ...refunded]);
  });

  it('gives the ids that the order-log reader gives', () => {
    const log = readOrderLog('id,date,amount\na,2025-01-01,5\na,2025-01-01,5\n').rows;
    const reading = reader();
    const ids = [0, 1].map((i) => reading.read(row, i)).map((read) => read.transactionId);
    expect(ids).toEqual(log.map((order) => order.transactionId));
  });

  it('lets refused rows take no ordinal, so that corrected streams keep their ids', () => {
    const [withBad, clean] = [reader(), reader()];
    withBad.read({ ...row, amountMicros: -1n }, 0);
    expect(withBad.read(row, 1).transactionId).toBe(clean.read(row, 0).transactionId);
  });

  it('refuses rows without ids whose equals may be forgotten, and only those', () => {
    const reading = new RowReader({ areNegativesRefunds: false, latestMs }, new DerivedIds(2));
    const at = (day: number, transactionId = ''): unknown => {
      const read = reading.read({ ...row, transactionId, occurredAtMs: Date.UTC(2025, 0, day) }, 0);
      return isRowProblem(read) ? [read.code, read.field] : 'taken';
    };
    for (let day = 1; day <= 9; day++) expect(at(day)).toBe('taken');
    expect(at(2)).toEqual(['transaction_id_missing', 'transaction_id']);
    expect([at(2, 'own'), at(10)]).toEqual(['taken', 'taken']);
  });

  it('takes or refuses anything without failing, and sends no long text back', () => {
    const junk = fc.record({
      transactionId: fc.oneof(fc.constant(''), fc.string({ unit: 'binary', maxLength: 300 })),
      customerId: fc.string({ unit: 'binary', maxLength: 300 }),
      occurredAtMs: fc.oneof(fc.constant(undefined), fc.double(), fc.date().map(Number)),
      amountMicros: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      currency: fc.oneof(fc.constant('USD'), fc.string()),
      kind: fc.constantFrom('unspecified' as const, 'purchase' as const, 'refund' as const),
    });
    fc.assert(
      fc.property(junk, fc.boolean(), (incoming, declared) => {
        const read = reader(declared).read(incoming, 7);
        expect(read.rowIndex).toBe(7);
        expect(read.customerId.length).toBeLessThanOrEqual(128);
        expect(read.transactionId.length).toBeLessThanOrEqual(128);
        if (isRowProblem(read)) return expect(read.code).toMatch(/^[a-z_]+$/);
        expect(read.isRefund ? read.amountMicros <= 0n : read.amountMicros >= 0n).toBe(true);
        expect(read.occurredAtMs).toBeLessThanOrEqual(latestMs);
      }),
      { numRuns: 150 },
    );
  });
});
