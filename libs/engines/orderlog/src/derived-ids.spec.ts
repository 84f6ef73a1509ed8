/**
 * Goal: equal rows get the ids of their ordinals, however long the log, in memory that does not grow with it; what can
 * no longer be told is refused, never guessed. Method: a map of everything as the oracle, by fast-check; the heap of
 * this process.
 */
import { describe, expect, it } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DerivedIds } from './derived-ids.js';
import { derivedTransactionId } from './transaction-id.js';

interface Row {
  readonly customerId: string;
  readonly atMs: number;
  readonly amountMicros: bigint | null;
}

/** The ids by a memory of everything. */
function exactIds(rows: readonly Row[]): string[] {
  const seen = new Map<string, number>();
  return rows.map((row) => {
    const key = `${row.customerId}/${row.atMs}/${row.amountMicros}`;
    const ordinal = seen.get(key) ?? 0;
    seen.set(key, ordinal + 1);
    return derivedTransactionId({ ...row, ordinal });
  });
}

function idsOf(rows: readonly Row[], window?: number): (string | undefined)[] {
  const ids = new DerivedIds(window);
  return rows.map((row) => ids.next(row.customerId, row.atMs, row.amountMicros));
}

const logs = fc.array(
  fc.record({
    customerId: fc.constantFrom('a', 'b', 'c'),
    atMs: fc.integer({ min: 0, max: 40 }),
    amountMicros: fc.constantFrom(1n, null),
  }),
  { maxLength: 200 },
);

describe('DerivedIds', () => {
  it('gives the ids of a memory of everything, or none', () => {
    fc.assert(
      fc.property(logs, fc.integer({ min: 1, max: 30 }), (rows, window) => {
        const exact = exactIds(rows);
        idsOf(rows, window).forEach((id, i) => expect([exact[i], undefined]).toContain(id));
      }),
      { numRuns: 300, seed: testSeed() },
    );
  });

  it('refuses none while everything fits, nor of rows ascending by time whose instants fit', () => {
    fc.assert(
      fc.property(logs, (rows) => {
        expect(idsOf(rows, 3 * 41 * 2)).toEqual(exactIds(rows));
        const ascending = rows.toSorted((a, b) => a.atMs - b.atMs);
        expect(idsOf(ascending, 6)).toEqual(exactIds(ascending));
      }),
      { numRuns: 300, seed: testSeed() },
    );
  });

  it('refuses rows of times that were forgotten', () => {
    const rows = Array.from({ length: 9 }, (_, i) => ({
      ...{ customerId: 'a', atMs: 9 - i, amountMicros: 1n },
    }));
    const ids = idsOf(rows, 3);
    expect(ids.map((id) => id !== undefined)).toEqual([
      ...[true, true, true, true, true, true],
      ...[false, false, false],
    ]);
  });

  it('holds no more of 300,000 rows than of 40,000', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const held = (): number => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return (heapUsed + arrayBuffers) / 1e6;
    };
    const ids = new DerivedIds(5_000);
    const read = (from: number, to: number): void => {
      for (let i = from; i < to; i++) taken(ids.next(`c${i}`, Math.floor(i / 100), 1n));
    };
    const taken = (id: string | undefined): void => {
      if (id === undefined) throw new Error('a row of an ascending log was refused');
    };
    read(0, 40_000);
    const before = held();
    read(40_000, 300_000);
    expect(held() - before).toBeLessThan(8);
  });
});
