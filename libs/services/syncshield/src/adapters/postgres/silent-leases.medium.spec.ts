/**
 * Goal: a lease that cannot be closed keeps no other from it, also where passes are full of such ones.
 * Method: the sweeper of leases on a real PostgreSQL, where somebody has written to the counters of
 * one budget, so that the ledger refuses to book on it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '@kiki/kernel';
import { AcquireLease } from '../../application/acquire-lease.js';
import { CloseLeases } from '../../application/close-leases.js';
import { Decide } from '../../application/decide.js';
import type { LeaseObserver } from '../../application/lease-observer.js';
import { SilentObserver } from '../../application/ledger.conformance.js';
import { openFixture, TEST_NOW, type PostgresFixture } from './postgres-ledger.fixture.js';
import { PostgresLeases } from './postgres-leases.js';

const TTL_MS = 1_000;
const GRACE_MS = 2_000;
const rules = {
  ...{ headroomDivisor: 8, unreportedPercent: 25, holdsOnlyPermille: 10 },
  ...{ ttlMs: TTL_MS, graceMs: GRACE_MS },
};
let of: PostgresFixture;
beforeAll(async () => {
  of = await openFixture();
});
afterAll(() => of.close());

describe('leases of silent nodes', () => {
  it('are closed although one of them cannot be', async () => {
    const leases = new PostgresLeases(of.database, TEST_NOW);
    const decide = new Decide(of.ledger, new SilentObserver(), new SystemClock(), 1_000);
    const ends: bigint[] = [];
    const closed = (_lagMs: number, micros: bigint): void => void ends.push(micros);
    const observer = { asked: () => undefined, closed } as unknown as LeaseObserver;
    const acquire = new AcquireLease(leases, decide, observer, rules);
    const caps = [
      { id: 'total', kind: 'total' as const, measure: 'micros' as const, limit: 10_000n },
    ];
    for (const [tenant, id] of [
      ['acme', 'full'],
      ['other', 'theirs'],
    ] as const) {
      await of.budgets.create({ tenant, id, name: id, currency: 'EUR', caps }, 'tester');
      const node = { nodeId: 'n', epoch: 1, askedMicros: 1_000n, atLeastMicros: 1n };
      await acquire.execute({ tenant, id: `lease of ${id}`, budgetId: id, ...node }, 'tester');
    }
    await of.database.execute(`UPDATE cap_counters SET held = 0 WHERE tenant = 'acme'`);
    await of.advance(TTL_MS + GRACE_MS + 1_000);
    // The one that fails fills a pass, and is the most overdue.
    const close = new CloseLeases(leases, decide, observer, 1);
    const failed = { code: 'ledger_inconsistent' };
    await expect(close.execute()).rejects.toMatchObject(failed);
    expect(await close.execute()).toBe(true);
    expect(ends).toEqual([250n]);
    expect(await close.execute()).toBe(false);
    await of.advance(60_000);
    await expect(close.execute()).rejects.toMatchObject(failed);
    expect(await leases.get('other', 'lease of theirs')).toMatchObject({
      lease: { closedAs: 'expired' },
      hold: { state: 'captured', capturedMicros: 250n },
    });
    expect(await leases.get('acme', 'lease of full')).toMatchObject({ hold: { state: 'held' } });
  });
});
