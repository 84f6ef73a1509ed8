/**
 * Goal: plans grow from nothing to the whole limit by their shares; rates survive bursts; ends are where money ends.
 * Method: properties over random plans, and the brute force of spending millisecond by millisecond.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exhaustionMs, perHour, robustPerHour } from './burn-rate.js';
import { plannedMicros } from './plan.js';

const weights = fc
  .array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 31 })
  .filter((list) => list.some((weight) => weight > 0));

describe('a plan', () => {
  it('never falls, begins with nothing and ends with everything', () => {
    fc.assert(
      fc.property(
        weights,
        fc.bigInt(0n, 10n ** 12n),
        fc.integer({ min: 1, max: 10_000 }),
        (list, limit, lengthMs) => {
          const window = { fromMs: 1_000, toMs: 1_000 + lengthMs };
          const at = (ms: number): bigint =>
            plannedMicros(limit, { capId: 'c', weights: list }, window, ms);
          expect(at(1_000)).toBe(0n);
          expect(at(window.toMs)).toBe(limit);
          let last = 0n;
          for (let step = 0; step <= 40; step++) {
            const now = at(1_000 + Math.floor((lengthMs * step) / 40));
            expect(now >= last).toBe(true);
            last = now;
          }
        },
      ),
    );
  });

  it('gives each part its share', () => {
    fc.assert(
      fc.property(weights, (list) => {
        const window = { fromMs: 0, toMs: list.length * 60 };
        const total = BigInt(list.reduce((sum, weight) => sum + weight, 0));
        let before = 0n;
        for (const [index, weight] of list.entries()) {
          const plan = { capId: 'c', weights: list };
          expect(plannedMicros(total * 100n, plan, window, index * 60)).toBe(before * 100n);
          expect(plannedMicros(total * 120n, plan, window, index * 60 + 30)).toBe(
            before * 120n + BigInt(weight) * 60n,
          );
          before += BigInt(weight);
        }
      }),
    );
  });
});

describe('a burn rate', () => {
  it('is exact where spending is even, and not moved by one burst', () => {
    const even = Array.from({ length: 13 }, (_, i) => BigInt(i) * 500n);
    expect(robustPerHour(even, 3_600_000)).toBe(6_000n);
    const burst = even.map((total, i) => (i < 7 ? total : total + 1_000_000n));
    expect(robustPerHour(burst, 3_600_000)).toBe(6_000n);
    expect(robustPerHour([0n], 3_600_000)).toBe(0n);
    expect(perHour(-10n, 1_800_000)).toBe(-20n);
  });

  it('ends when the money does, unless the window ends before', () => {
    const ask = { headroomMicros: 500n, ratePerHour: 1_000n, nowMs: 7 };
    expect(exhaustionMs(ask)).toBe(7 + 1_800_000);
    expect(exhaustionMs({ ...ask, windowEndMs: 1_800_007 })).toBeUndefined();
    expect(exhaustionMs({ ...ask, windowEndMs: 1_800_008 })).toBe(1_800_007);
    expect(exhaustionMs({ ...ask, headroomMicros: 0n })).toBe(7);
    expect(exhaustionMs({ ...ask, ratePerHour: 0n })).toBeUndefined();
    const sliding = { limitMicros: 1_000n, windowMs: 3_600_000 };
    expect(exhaustionMs({ ...ask, sliding })).toBeUndefined();
    expect(exhaustionMs({ ...ask, ratePerHour: 1_001n, sliding })).toBeDefined();
  });
});
