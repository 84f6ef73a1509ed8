/**
 * Goal: closed leases go after their time, in passes, and nothing that was booked moves: their holds, the statement
 * and the counters are what they were; those that are open, or whose hold is, stay.
 * Method: leases of every end on a real PostgreSQL whose clock is moved, the retention of the service.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '@kiki/kernel';
import { AcquireLease } from '../../application/acquire-lease.js';
import { CloseLeases } from '../../application/close-leases.js';
import { Decide } from '../../application/decide.js';
import type { LeaseObserver } from '../../application/lease-observer.js';
import { SilentObserver } from '../../application/ledger.conformance.js';
import type { PrivacyRequests } from '../../application/privacy/privacy-requests.js';
import { ReportLeases } from '../../application/report-leases.js';
import { openFixture, TEST_NOW, type PostgresFixture } from './postgres-ledger.fixture.js';
import { PostgresLeases } from './postgres-leases.js';
import { PostgresRetention } from './postgres-retention.js';

const T = 'acme';
const DAY_MS = 86_400_000;
const rules = {
  ...{ headroomDivisor: 8, unreportedPercent: 25, holdsOnlyPermille: 10 },
  ...{ ttlMs: 1_000, graceMs: 2_000 },
};
let of: PostgresFixture;
beforeAll(async () => {
  of = await openFixture();
});
afterAll(() => of.close());

/** Time of the store, which is all that leases know. */
class StoreClock extends SystemClock {
  aheadMs = 0;
  override nowMs(): number {
    return super.nowMs() + this.aheadMs;
  }
}

describe('closed leases', () => {
  it('go after their time, and their money stays where it is', async () => {
    const { database } = of;
    const clock = new StoreClock();
    const pass = async (ms: number): Promise<void> => {
      clock.aheadMs += ms;
      await of.advance(ms);
    };
    const leases = new PostgresLeases(database, TEST_NOW);
    const decide = new Decide(of.ledger, new SilentObserver(), clock, 1_000);
    const silence = { asked: () => undefined, closed: () => undefined, reported: () => undefined };
    const observer = silence as unknown as LeaseObserver;
    const caps = [
      { id: 'total', kind: 'total' as const, measure: 'micros' as const, limit: 100_000n },
    ];
    await of.budgets.create({ tenant: T, id: 'b', name: 'b', currency: 'EUR', caps }, 'tester');
    const acquire = new AcquireLease(leases, decide, observer, rules);
    const ask = (id: string) => {
      const node = { nodeId: 'n', epoch: 1, askedMicros: 1_000n, atLeastMicros: 1n };
      return acquire.execute({ tenant: T, id, budgetId: 'b', ...node }, 'tester');
    };
    for (const id of ['released', 'silent', 'lost']) await ask(id);
    const last = [{ leaseId: 'released', spentMicros: 400n, isFinal: true }];
    await new ReportLeases(leases, decide, observer).execute(T, last, 'tester');
    // Given up before its hold was decided, which it was all the same.
    await leases.end([{ tenant: T, id: 'lost' }], 'lost');
    await pass(4_000);
    await new CloseLeases(leases, decide, observer).execute();
    // Exports are not what this is about.
    const requests = { dropExports: () => Promise.resolve(0) } as unknown as PrivacyRequests;
    const keep = new PostgresRetention(database, requests, clock, 30);
    const rowsOf = async (isDryRun: boolean): Promise<number | undefined> => {
      const results = await keep.sweep(T, { isDryRun, actor: 'tester' });
      return results.find(({ category }) => category === 'leases')?.rows;
    };
    const left = async () => (await leases.list(T, {}, { limit: 10 })).items.map(idOf);
    await keep.setRule(T, { category: 'leases', keepDays: 2 }, 'tester');
    await pass(DAY_MS);
    await ask('young');
    expect(await rowsOf(true)).toBe(0);
    await pass(DAY_MS);
    const before = await of.budgets.get(T, 'b');
    expect(before).toMatchObject({ spentMicros: 650n, heldMicros: 2_000n });
    expect(await rowsOf(true)).toBe(2);
    expect(await left()).toEqual(['released', 'silent', 'lost', 'young']);
    expect(await rowsOf(false)).toBe(2);
    expect(await left()).toEqual(['lost', 'young']);
    expect(await rowsOf(false)).toBe(0);
    expect(await of.budgets.get(T, 'b')).toEqual(before);
    expect(await of.reader.hold(T, 'released')).toMatchObject({ capturedMicros: 400n });
    expect(await of.reader.hold(T, 'silent')).toMatchObject({ capturedMicros: 250n });
    expect(await of.recount()).toEqual([]);
  });
});

function idOf({ lease: { id } }: { readonly lease: { readonly id: string } }): string {
  return id;
}
