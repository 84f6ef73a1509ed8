/**
 * Goal: a change of caps that is not called loosening lets no hold pass that an old cap denied.
 * Method: random pairs of caps over small domains; whatever a cap that is kept has counted, its
 * room is no larger than before.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Cap } from './budget.js';
import { countsAlike, type CapInput } from './caps.js';
import { headroom } from './decision.js';
import { loosenedCaps } from './raise.js';

const limit = fc.constantFrom(0n, 5n, 10n, 20n);
const cap = fc
  .record({
    id: fc.constantFrom('a', 'b'),
    kind: fc.constantFrom('total' as const, 'calendar_day' as const, 'rate' as const),
    measure: fc.constantFrom('micros' as const, 'actions' as const),
    limit,
    timeZone: fc.constantFrom('UTC', 'Asia/Tehran'),
    windowMs: fc.constantFrom(1_000, 2_000),
    burst: limit,
    flexPercent: fc.constantFrom(undefined, 100, 150, 200),
  })
  .map(({ timeZone, windowMs, burst, flexPercent, ...rest }): CapInput => ({
    ...rest,
    ...(rest.kind === 'calendar_day' ? { timeZone } : {}),
    ...(rest.kind === 'calendar_day' && flexPercent !== undefined ? { flexPercent } : {}),
    ...(rest.kind === 'rate' ? { windowMs, burst } : {}),
  }));
const caps = fc.uniqueArray(cap, { selector: ({ id }) => id, maxLength: 2 });
const numbered = (of: readonly CapInput[]): Cap[] =>
  of.map((input, index) => ({ ...input, capNo: index }));

describe('loosenedCaps', () => {
  it('names every cap that is gone, counts elsewhere, or has more room whatever it counted', () => {
    const seen = { tight: 0, loose: 0 };
    fc.assert(
      fc.property(caps, caps, fc.bigInt({ min: 0n, max: 40n }), (before, after, used) => {
        const loosened = loosenedCaps(numbered(before), after);
        seen[loosened.length === 0 ? 'tight' : 'loose']++;
        for (const old of before) {
          if (loosened.includes(old.id)) continue;
          const now = after.find(({ id }) => id === old.id)!;
          expect(countsAlike(old, now)).toBe(true);
          const usage = { spent: used, held: 0n };
          const room = (of: CapInput): bigint => headroom({ ...of, capNo: 1 }, usage);
          expect(room(now)).toBeLessThanOrEqual(room(old));
          // A rate drains by its limit: it must not drain faster.
          expect(now.limit).toBeLessThanOrEqual(old.limit);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(Math.min(seen.tight, seen.loose)).toBeGreaterThan(200);
  });

  it('lets caps be added, ordered and lowered', () => {
    const total = { id: 'a', kind: 'total' as const, measure: 'micros' as const, limit: 5n };
    const other = { ...total, id: 'b' };
    expect(loosenedCaps(numbered([total]), [other, { ...total, limit: 4n }])).toEqual([]);
    expect(loosenedCaps(numbered([total, other]), [{ ...total, limit: 6n }])).toEqual(['a', 'b']);
  });
});
