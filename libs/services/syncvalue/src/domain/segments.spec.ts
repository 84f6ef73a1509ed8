/**
 * Goal: customers belong to exactly the segments whose filters they pass. Method: a population made for each filter; RFM
 * against the definition; every field at fault is named.
 */
import { describe, expect, it } from '@jest/globals';
import type { CustomerTable } from '@kiki/clv';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import type { ValueTier } from './predictor.js';
import { quintileBounds } from './rfm.js';
import {
  ALL_CUSTOMERS,
  checkSegments,
  segmented,
  type Population,
  type SegmentFilter,
} from './segments.js';

const N = 10;
const numbers = Array.from({ length: N }, (_, i) => i);
const table: CustomerTable = {
  timeUnit: 'week',
  customerIds: numbers.map((i) => `c${i}`),
  frequency: Float64Array.from(numbers),
  recency: Float64Array.from(numbers),
  age: Float64Array.from(numbers, (i) => i + 1),
  spendMeanMicros: Float64Array.from(numbers, (i) => i * 1e6),
};
/** Later customers bought earlier, and spent more. */
const population: Population = {
  table,
  lastDay: Float64Array.from(numbers, (i) => 1000 - i),
  totalMicros: Float64Array.from(numbers, (i) => (i + 1) * 5e6),
};
const tierOf = (i: number): ValueTier => (i < 5 ? 'low' : i < 8 ? 'medium' : 'top');

function segment(filter: Partial<SegmentFilter>): SegmentFilter {
  return { ...ALL_CUSTOMERS, ...filter };
}

/** The numbers of the customers in each segment. */
function membersOf(...segments: SegmentFilter[]): number[][] {
  const { memberships } = segmented(segments, population, tierOf);
  return segments.map((_, s) => numbers.filter((i) => (((memberships[i] ?? 0) >>> s) & 1) === 1));
}

describe('segments', () => {
  it('are everybody, tiers, RFM scores, lists, and what passes all of them', () => {
    const [all, tiers, lately, often, rich, listed, both] = membersOf(
      ALL_CUSTOMERS,
      segment({ tiers: ['medium', 'top'] }),
      segment({ recency: [5] }),
      segment({ frequency: [1, 2] }),
      segment({ monetary: [5] }),
      segment({ customerIds: ['c7', 'c1', 'c7'] }),
      segment({ customerIds: ['c7', 'c1'], tiers: ['low'] }),
    );
    expect(all).toEqual(numbers);
    expect(tiers).toEqual([5, 6, 7, 8, 9]);
    expect(lately).toEqual([0, 1]);
    expect(often).toEqual([0, 1, 2, 3]);
    expect(rich).toEqual([8, 9]);
    expect(listed).toEqual([1, 7]);
    expect(both).toEqual([1]);
  });

  it('count ids that nobody has, each once', () => {
    const one = segment({ customerIds: ['c1', 'nobody', 'nobody', 'x'] });
    const { unknown } = segmented([ALL_CUSTOMERS, one], population, tierOf);
    expect(unknown).toEqual([0, 2]);
  });

  it('are up to 32, the last as good as the first', () => {
    const many = Array.from({ length: 32 }, (_, s) => segment({ customerIds: [`c${s % N}`] }));
    expect(membersOf(...many)).toEqual(many.map((_, s) => [s % N]));
  });

  it('ask for tiers only where one wants them', () => {
    let asked = 0;
    segmented([ALL_CUSTOMERS], population, () => {
      asked++;
      return 'low';
    });
    expect(asked).toBe(0);
  });

  it('name every field at fault', () => {
    const bad = [
      segment({ name: 'n'.repeat(101), recency: [6] }),
      segment({ frequency: [0], monetary: [5, 9], customerIds: [''] }),
    ];
    const horizons = Array.from({ length: 13 }, () => 30);
    expect(() => checkSegments(bad, horizons)).toThrow(
      expect.objectContaining({
        code: 'forecast_invalid',
        details: {
          fields: [
            { field: 'horizon_days', expected: 'up to 12' },
            { field: 'segments[0].name', expected: 'up to 100 characters' },
            { field: 'segments[0].recency_scores', expected: '1 to 5' },
            { field: 'segments[1].frequency_scores', expected: '1 to 5' },
            { field: 'segments[1].monetary_scores', expected: '1 to 5' },
            { field: 'segments[1].customer_ids', expected: 'ids as transactions have them' },
          ],
        },
      }),
    );
    const ids = Array.from({ length: 5001 }, (_, i) => `c${i}`);
    const two = [segment({ customerIds: ids }), segment({ customerIds: ids })];
    expect(() => checkSegments(two, [])).toThrow(
      expect.objectContaining({ code: 'forecast_invalid' }),
    );
    expect(() => checkSegments([ALL_CUSTOMERS], [])).not.toThrow();
  });
});

it('takes as bounds the smallest values that a fifth, two, three and four do not exceed', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1 }), (values) => {
      const bounds = quintileBounds(values);
      [0.2, 0.4, 0.6, 0.8].forEach((share, i) => {
        const bound = bounds[i] ?? NaN;
        const upTo = (most: number): number =>
          values.filter((value) => value <= most).length / values.length;
        expect(upTo(bound)).toBeGreaterThanOrEqual(share - 1e-9);
        expect(upTo(bound - 1)).toBeLessThan(share);
      });
    }),
    { seed: testSeed() },
  );
  expect(quintileBounds([])).toEqual([]);
});
