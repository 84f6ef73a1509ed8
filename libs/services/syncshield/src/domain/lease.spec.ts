/**
 * Goal: whatever order reports, repetitions and the end of a lease come in, an honest node's spend
 * is booked, never as late spend, and its last word leaves exactly what it spent.
 * Method: random histories of one lease against the rules of settlements, without a store.
 */
import { describe, expect, it } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import * as fc from 'fast-check';
import { spentMicros, type Hold } from './hold.js';
import {
  holdOf,
  isOpen,
  presumptionOf,
  settlementOf,
  unreportedMicros,
  type Lease,
} from './lease.js';
import { settle } from './settling.js';

const GRANTED = 1_000n;
const terms = { headroomDivisor: 8, unreportedPercent: 25, ttlMs: 2_000, graceMs: 3_000 };

/** A lease and its hold, changed by what the service does. */
class History {
  lease: Lease = {
    ...{ tenant: 't', id: 'l', budgetId: 'b', nodeId: 'n', epoch: 1, sliceNo: 1, currency: 'EUR' },
    ...{ askedMicros: GRANTED, atLeastMicros: 1n, askedMs: 0, presumedMicros: 0n, ...terms },
  };
  hold: Hold = {
    ...holdOf(this.lease),
    ...{ requestedMicros: GRANTED, shardNo: 1, budgetNo: 1n, isApproved: true, decidedMs: 0 },
    ...{ reason: 'within_limits', state: 'held' },
    ...{ capturedMicros: 0n, lateMicros: 0n, refundedMicros: 0n },
  };
  private readonly ids = new Set<string>();

  report(totalMicros: bigint, isFinal: boolean): void {
    const request = settlementOf(this, totalMicros, isFinal);
    if (request !== undefined) {
      // A used id would be answered with what it came to first, and the spend would be lost.
      expect(this.ids.has(request.settlementId)).toBe(false);
      this.ids.add(request.settlementId);
      const result = settle(request, this.hold, 0);
      if (!result.ok) throw result.error;
      this.hold = result.value.hold;
    }
    if (isFinal) this.lease = { closedAs: 'released', ...this.lease };
  }

  expire(): void {
    if (this.hold.state !== 'held') return;
    const presumedMicros = presumptionOf(this);
    this.lease = { ...this.lease, presumedMicros };
    this.report(spentMicros(this.hold) + presumedMicros, true);
    this.lease = { ...this.lease, closedAs: 'expired' };
  }
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('spend' as const), part: fc.nat(100) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('report' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), nth: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
);

describe('a lease', () => {
  it('books an honest node exactly, whatever comes when', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const history = new History();
        const most = unreportedMicros(terms, GRANTED);
        const sent: bigint[] = [0n];
        let spent = 0n;
        let acked = 0n;
        for (const one of steps) {
          const least = acked + most < GRANTED ? acked + most : GRANTED;
          if (one.kind === 'spend') spent += ((least - spent) * BigInt(one.part)) / 100n;
          else if (one.kind === 'repeat') history.report(sent[one.nth % sent.length]!, false);
          else if (one.kind === 'expire') history.expire();
          else {
            history.report(spent, false);
            sent.push(spent);
            if (isOpen(history)) acked = spent;
          }
          const isOver = history.hold.state !== 'held';
          expect(spentMicros(history.hold)).toBeGreaterThanOrEqual(isOver ? spent : acked);
          expect(history.hold.lateMicros).toBe(0n);
        }
        history.report(spent, true);
        for (const total of sent) history.report(total, false);
        history.report(spent, true);
        expect(spentMicros(history.hold)).toBe(spent);
        expect(history.hold.lateMicros).toBe(0n);
        expect(isOpen(history)).toBe(false);
      }),
      { seed: testSeed(), numRuns: 2_000 },
    );
  });

  it('records what a node spent beyond its lease, once', () => {
    const history = new History();
    history.expire();
    history.report(1_200n, true);
    history.report(1_200n, true);
    expect(history.hold).toMatchObject({ capturedMicros: 250n, lateMicros: 950n });
    history.report(200n, true);
    history.report(1_300n, false);
    expect(spentMicros(history.hold)).toBe(1_300n);
  });

  it.each([0n, 40n])('records what is reported after it was given back at %d', (lastMicros) => {
    const history = new History();
    history.report(lastMicros, false);
    history.report(lastMicros, true);
    history.report(100n, true);
    history.report(100n, true);
    expect(history.hold).toMatchObject({ state: 'voided', capturedMicros: lastMicros });
    expect(spentMicros(history.hold)).toBe(100n);
  });
});
