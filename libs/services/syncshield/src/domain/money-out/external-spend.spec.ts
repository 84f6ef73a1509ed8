/**
 * Goal: whatever the order, repetition and restatement of reports, what counts is the largest version's amount. Method:
 * random reports of one key in random order against that sentence.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  countedAt,
  judgeReport,
  type ExternalReport,
  type ExternalState,
} from './external-spend.js';

const NEW: ExternalState = {
  ...{ version: -1n, amountMicros: 0n, isCovered: false, countedMicros: 0n },
};
const report = (version: bigint, amountMicros: bigint, isCovered = false): ExternalReport => ({
  ...{ source: 'ads', account: '', campaignRef: '', fromMs: 0, toMs: 1_000, currency: 'EUR' },
  ...{ version, amountMicros, isCovered },
});

describe('reports of one key', () => {
  it('add up to the amount of the largest version', () => {
    const versions = fc.uniqueArray(
      fc.record({ amount: fc.bigInt(0n, 10_000n), isCovered: fc.boolean() }),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    const sent = versions.chain((all) =>
      fc.record({
        all: fc.constant(all),
        order: fc.array(fc.nat(all.length - 1), { minLength: 1, maxLength: 30 }),
      }),
    );
    fc.assert(
      fc.property(sent, ({ all, order }) => {
        let state = NEW;
        let counted = 0n;
        for (const index of order) {
          const { amount, isCovered } = all[index]!;
          const judged = judgeReport(state, report(BigInt(index), amount, isCovered));
          expect(judged.kind).not.toBe('conflict');
          if (judged.kind !== 'taken') continue;
          state = judged.state;
          counted += judged.deltaMicros;
        }
        const newest = all[Math.max(...order)]!;
        expect(counted).toBe(newest.isCovered ? 0n : newest.amount);
      }),
    );
  });

  it('of one version with other facts contradict each other', () => {
    const judged = judgeReport(NEW, report(3n, 10n));
    if (judged.kind !== 'taken') throw new Error(judged.kind);
    expect(judgeReport(judged.state, report(3n, 10n)).kind).toBe('known');
    expect(judgeReport(judged.state, report(3n, 11n)).kind).toBe('conflict');
    expect(judgeReport(judged.state, report(3n, 10n, true)).kind).toBe('conflict');
    expect(judgeReport(judged.state, report(2n, 99n)).kind).toBe('superseded');
  });

  it('count in the middle of their day, or now while that is ahead', () => {
    expect(countedAt(report(1n, 1n), 5_000)).toBe(500);
    expect(countedAt(report(1n, 1n), 100)).toBe(100);
  });
});
