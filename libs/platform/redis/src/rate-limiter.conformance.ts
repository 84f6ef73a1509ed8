/** What every RateLimiter must do; each adapter's spec runs it. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RateDecision, RateLimit, RateLimiter } from './ports.js';

/** An adapter under test. */
export interface LimiterUnderTest {
  readonly limiter: RateLimiter;
  /** The same limits as another process sees them (the same object where there is only one process). */
  readonly peer: RateLimiter;
  /** Lets at least this many milliseconds of the store's clock go by. */
  pass(ms: number): Promise<void>;
  /** True when only `pass` moves the clock: then every decision is compared with the model. */
  readonly isTimeOurs: boolean;
}

/**
 * GCRA as the standard words it (ITU-T I.371, virtual scheduling), in exact whole numbers: a theoretical arrival time instead of
 * the level that the adapters keep. Times are microseconds times the rate, so nothing is ever rounded.
 */
export class VirtualScheduling {
  private tat = 0n;

  take(
    limit: RateLimit,
    cost: number,
    nowUs: number,
  ): Pick<RateDecision, 'isAllowed' | 'remaining'> {
    const now = BigInt(nowUs) * BigInt(limit.ratePerSecond);
    const burst = BigInt(limit.burst) * 1_000_000n;
    const arrival = this.tat > now ? this.tat : now;
    const next = arrival + BigInt(cost) * 1_000_000n;
    const isAllowed = next - now <= burst;
    this.tat = isAllowed ? next : arrival;
    const free = burst - (this.tat - now);
    return { isAllowed, remaining: free > 0n ? Number(free / 1_000_000n) : 0 };
  }
}

/** So slow that no test outlives one request of it. */
const SLOW = 1e-6;

/** @param open a limiter that has counted nothing */
export function rateLimiterConformance(name: string, open: () => Promise<LimiterUnderTest>): void {
  describe(`${name} as a RateLimiter`, () => {
    let under: LimiterUnderTest;
    let limiter: RateLimiter;
    let serial = 0;
    const newKey = (): string => `key-${serial++}`;
    beforeEach(async () => {
      under = await open();
      limiter = under.limiter;
    });

    it('allows the burst, then nothing', async () => {
      const limit = { ratePerSecond: SLOW, burst: 3 };
      const key = newKey();
      for (const remaining of [2, 1, 0]) {
        expect(await limiter.take(key, limit)).toEqual({
          isAllowed: true,
          remaining,
          retryAfterMs: 0,
        });
      }
      const refused = await limiter.take(key, limit);
      expect(refused).toMatchObject({ isAllowed: false, remaining: 0 });
      expect(refused.retryAfterMs).toBeGreaterThan(0.9e9);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(1e9);
      expect(await limiter.take(newKey(), limit)).toMatchObject({ isAllowed: true });
    });

    it('decides as virtual scheduling does, whatever is asked', async () => {
      const step = fc.record({
        waitMs: fc.integer({ min: 0, max: 3000 }),
        cost: fc.integer({ min: 1, max: 8 }),
        isPeer: fc.boolean(),
      });
      const limits = fc.record({
        ratePerSecond: fc.integer({ min: 1, max: 20 }),
        burst: fc.integer({ min: 8, max: 40 }),
      });
      await fc.assert(
        fc.asyncProperty(limits, fc.array(step, { maxLength: 30 }), async (limit, steps) => {
          const model = new VirtualScheduling();
          const key = newKey();
          // Where the clock is not ours it must not count: the same steps at a standstill.
          const rate = under.isTimeOurs ? limit.ratePerSecond : SLOW;
          let nowUs = 1_000_000_000;
          for (const { waitMs, cost, isPeer } of steps) {
            if (under.isTimeOurs) {
              await under.pass(waitMs);
              nowUs += waitMs * 1000;
            }
            const expected = model.take(limit, cost, nowUs);
            const actor = isPeer ? under.peer : limiter;
            const decision = await actor.take(key, { ...limit, ratePerSecond: rate }, cost);
            // At a rate of one request in eleven days a bucket is never a whole request lighter.
            expect(decision).toMatchObject(expected);
            expect(decision.retryAfterMs > 0).toBe(!expected.isAllowed);
          }
        }),
        { numRuns: under.isTimeOurs ? 300 : 30 },
      );
    });

    it('allows again after exactly the time it names', async () => {
      const limit = { ratePerSecond: 20, burst: 2 };
      const key = newKey();
      let decision: RateDecision;
      do decision = await limiter.take(key, limit, 2);
      while (decision.isAllowed);
      expect(decision.retryAfterMs).toBeLessThanOrEqual(100);
      await under.pass(decision.retryAfterMs);
      expect(await under.peer.take(key, limit, 2)).toMatchObject({ isAllowed: true });
    });

    it('never allows more than the burst and what the rate gave since', async () => {
      const limit = { ratePerSecond: 200, burst: 5 };
      const key = newKey();
      const beganMs = performance.now();
      let allowed = 0;
      for (let i = 0; i < 15; i++) {
        const answers = await Promise.all(
          Array.from({ length: 6 }, (_, n) => (n % 2 ? limiter : under.peer).take(key, limit)),
        );
        allowed += answers.filter((answer) => answer.isAllowed).length;
        await under.pass(4);
      }
      const sinceMs = under.isTimeOurs ? 60 : performance.now() - beganMs;
      expect(allowed).toBeGreaterThanOrEqual(5);
      expect(allowed).toBeLessThanOrEqual(5 + (200 * sinceMs) / 1000);
    });

    it('counts each of many who come at once', async () => {
      const limit = { ratePerSecond: SLOW, burst: 10 };
      const key = newKey();
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => (i % 2 ? limiter : under.peer).take(key, limit)),
      );
      expect(answers.filter((answer) => answer.isAllowed)).toHaveLength(10);
    });

    it('a refusal takes nothing', async () => {
      const limit = { ratePerSecond: SLOW, burst: 5 };
      const key = newKey();
      await limiter.take(key, limit, 3);
      for (let i = 0; i < 3; i++) {
        expect(await limiter.take(key, limit, 3)).toMatchObject({ isAllowed: false, remaining: 2 });
      }
      expect(await limiter.take(key, limit, 2)).toMatchObject({ isAllowed: true, remaining: 0 });
    });

    it('refuses arguments outside their range, by field', async () => {
      for (const [key, ratePerSecond, burst, cost, field] of [
        ['', 1, 1, 1, 'key'],
        ['k', 0, 1, 1, 'ratePerSecond'],
        ['k', NaN, 1, 1, 'ratePerSecond'],
        ['k', 1, 0, 1, 'burst'],
        ['k', 1, 2_000_000, 1, 'burst'],
        ['k', 1, 1, 2, 'cost'],
        ['k', 1, 1, 0, 'cost'],
        ['k', 1, 1, NaN, 'cost'],
      ] as const) {
        await expect(limiter.take(key, { ratePerSecond, burst }, cost)).rejects.toMatchObject({
          code: 'shared_state_argument',
          details: { fields: [{ field }] },
        });
      }
    });
  });
}
