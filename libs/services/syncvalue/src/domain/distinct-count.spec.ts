/**
 * Goal: few are counted exactly, many within the promised error. Method: known numbers of distinct
 * ids, each sent more than once.
 */
import { describe, expect, it } from '@jest/globals';
import { DistinctCount } from './distinct-count.js';

function counted(distinct: number, maxExact?: number): DistinctCount {
  const counter = new DistinctCount(maxExact);
  for (let i = 0; i < distinct; i++) {
    counter.add(`c${i}`);
    counter.add(`c${Math.floor(i / 3)}`);
  }
  return counter;
}

describe('DistinctCount', () => {
  it('is exact up to its limit, and says so', () => {
    for (const distinct of [0, 1, 500]) {
      const { count, isEstimated } = counted(distinct, 500);
      expect([count, isEstimated]).toEqual([distinct, false]);
    }
  });

  it.each([501, 5_000, 40_000, 60_000, 150_000])(
    'is within 3 % (four standard errors) of %d beyond it',
    (distinct) => {
      const { count, isEstimated } = counted(distinct, 500);
      expect(isEstimated).toBe(true);
      expect(Math.abs(count / distinct - 1)).toBeLessThan(0.03);
    },
  );
});
