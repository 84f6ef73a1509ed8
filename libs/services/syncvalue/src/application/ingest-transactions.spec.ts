/**
 * Goal: a stream holds no more memory the longer it is, and says when its customers were estimated. Method: a ledger
 * that keeps nothing; the heap of this process while the stream is read.
 */
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@kiki/testing';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  IngestTransactions,
  type IncomingChunk,
  type IngestReport,
} from './ingest-transactions.js';
import type { Ledger, TransactionChunk } from './ledger.js';

const CHUNK = 10_000;

const ledger = {
  append: (_tenant: string, { rows }: TransactionChunk) =>
    Promise.resolve({
      ...{ storedCount: rows.length, duplicateCount: 0, problems: [] },
      customerIds: rows.map(({ customerId }) => customerId),
    }),
  untilSeen: () => Promise.resolve(),
} as unknown as Ledger;

/** A stream of `chunks` chunks, a new customer in each row. */
async function ingested(
  chunks: number,
  onChunk: (chunk: number) => void = () => undefined,
): Promise<IngestReport> {
  const clock = new FakeClock();
  async function* stream(): AsyncGenerator<IncomingChunk> {
    for (let chunk = 0; chunk < chunks; chunk++) {
      onChunk(chunk);
      const rows = Array.from({ length: CHUNK }, (_, i) => ({
        ...{ transactionId: `t${chunk}-${i}`, customerId: `customer-${chunk}-${i}` },
        ...{ occurredAtMs: clock.nowMs(), amountMicros: 1n, currency: 'EUR' },
        kind: 'purchase' as const,
      }));
      yield await Promise.resolve({ options: undefined, rows });
    }
  }
  const ingest = new IngestTransactions(ledger, clock, { futureToleranceHours: 1 });
  return ingest.execute('shop', stream());
}

describe('IngestTransactions', () => {
  it('counts 100,000 customers exactly, estimates more and says so', async () => {
    expect(await ingested(10)).toMatchObject({
      ...{ customerCount: 100_000, isCustomerCountEstimated: false },
    });
    const { customerCount, isCustomerCountEstimated } = await ingested(20);
    expect(isCustomerCountEstimated).toBe(true);
    expect(Math.abs(customerCount / 200_000 - 1)).toBeLessThan(0.03);
  });

  it('holds no more of 600,000 rows than of 150,000', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const held: number[] = [];
    await ingested(60, (chunk) => {
      if (chunk % 15 !== 14) return;
      collect();
      held.push(process.memoryUsage().heapUsed / 1e6);
    });
    expect((held.at(-1) ?? NaN) - (held[0] ?? NaN)).toBeLessThan(8);
  });
});
