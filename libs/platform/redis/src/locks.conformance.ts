/** What every Locks must do; each adapter's spec runs it. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Lease, Locks } from './ports.js';

/** An adapter under test. */
export interface LocksUnderTest {
  readonly locks: Locks;
  /** The same locks as another process sees them (the same object where there is only one process). */
  readonly peer: Locks;
  /** Lets at least this many milliseconds of the store's clock go by. */
  pass(ms: number): Promise<void>;
}

const LONG_MS = 600_000;

/** @param open locks of which nobody holds any */
export function locksConformance(name: string, open: () => Promise<LocksUnderTest>): void {
  describe(`${name} as Locks`, () => {
    let under: LocksUnderTest;
    let locks: Locks;
    beforeEach(async () => {
      under = await open();
      locks = under.locks;
    });

    async function take(from: Locks, lockName: string, ttlMs = LONG_MS): Promise<Lease> {
      const lease = await from.acquire(lockName, ttlMs);
      if (lease === undefined) throw new Error(`expected to get ${lockName}`);
      return lease;
    }

    it('gives a lock to one at a time', async () => {
      const lease = await take(locks, 'a');
      expect(lease.name).toBe('a');
      expect(await under.peer.acquire('a', LONG_MS)).toBeUndefined();
      expect(await locks.acquire('a', LONG_MS)).toBeUndefined();
      await take(under.peer, 'b');
      await lease.release();
      await take(under.peer, 'a');
    });

    it('gives a lock to exactly one of many who race', async () => {
      for (let round = 0; round < 5; round++) {
        const racers = Array.from({ length: 20 }, (_, i) =>
          (i % 2 ? locks : under.peer).acquire(`race-${round}`, LONG_MS),
        );
        const won = (await Promise.all(racers)).filter((lease) => lease !== undefined);
        expect(won).toHaveLength(1);
      }
    });

    it('gives out fences that only grow, however a lease ends', async () => {
      const ends = fc.array(fc.constantFrom('release', 'expire', 'renew'), {
        minLength: 1,
        maxLength: 6,
      });
      let last = -1n;
      await fc.assert(
        fc.asyncProperty(ends, async (steps) => {
          for (const [index, step] of steps.entries()) {
            const owner = index % 2 ? locks : under.peer;
            const lease = await take(owner, 'fenced', step === 'expire' ? 1 : LONG_MS);
            expect(lease.fence > last).toBe(true);
            last = lease.fence;
            if (step === 'renew') expect(await lease.renew(LONG_MS)).toBe(true);
            if (step === 'expire') await under.pass(3);
            else await lease.release();
          }
        }),
        { numRuns: 10 },
      );
    });

    it('frees a lock whose lease is over, and its former holder learns of it', async () => {
      const lost = await take(locks, 'a', 30);
      await under.pass(40);
      expect(await lost.renew(LONG_MS)).toBe(false);
      const next = await take(under.peer, 'a');
      expect(next.fence > lost.fence).toBe(true);
      expect(await lost.renew(LONG_MS)).toBe(false);
    });

    it('does not let a former holder give away what is another’s now', async () => {
      const lost = await take(locks, 'a', 30);
      await under.pass(40);
      const next = await take(under.peer, 'a');
      await lost.release();
      expect(await locks.acquire('a', LONG_MS)).toBeUndefined();
      await next.release();
      await next.release();
      await take(locks, 'a');
    });

    it('keeps a lock that is renewed in time', async () => {
      let lease: Lease;
      do lease = await take(locks, 'a', 300);
      while (!(await lease.renew(LONG_MS))); // on a machine that stood still for 300 ms: again
      await under.pass(320);
      expect(await under.peer.acquire('a', LONG_MS)).toBeUndefined();
      expect(await lease.renew(LONG_MS)).toBe(true);
    });

    it('refuses arguments outside their range, by field', async () => {
      for (const [lockName, ttlMs, field] of [
        ['', 1000, 'name'],
        ['n'.repeat(513), 1000, 'name'],
        ['a\0b', 1000, 'name'],
        ['a', 0, 'ttlMs'],
        ['a', NaN, 'ttlMs'],
        ['a', Infinity, 'ttlMs'],
      ] as const) {
        await expect(locks.acquire(lockName, ttlMs)).rejects.toMatchObject({
          code: 'shared_state_argument',
          details: { fields: [{ field }] },
        });
      }
      const lease = await take(locks, 'a');
      await expect(lease.renew(0)).rejects.toMatchObject({ code: 'shared_state_argument' });
    });
  });
}
