/**
 * Goal: opportunities follow their plan. Method: counts over many, and a plan of every wrong kind.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { simulateOpportunities, type OpportunityPlan } from './simulated-opportunities.js';

const plan: OpportunityPlan = {
  count: 10_000,
  customerIds: Array.from({ length: 100 }, (_, i) => `c${i}`),
  channel: 'social',
  currency: 'EUR',
  segments: [
    { name: 'feed', weight: 3, medianFloorMicros: 50_000n },
    { name: 'story', weight: 1, medianFloorMicros: 100_000n },
  ],
};

describe('simulateOpportunities', () => {
  const made = simulateOpportunities(plan, new SeededRandom(5));

  it('keeps the shares of strangers and segments, and spreads floors around the median', () => {
    const share = (wanted: (o: (typeof made)[number]) => boolean): number =>
      made.filter(wanted).length / made.length;
    expect(Math.abs(share((o) => o.customerId === undefined) - 0.2)).toBeLessThan(0.02);
    expect(Math.abs(share((o) => o.segment === 'story') - 0.25)).toBeLessThan(0.02);
    const feed = made.filter((o) => o.segment === 'feed').map((o) => o.floorMicros);
    expect(feed.every((floor) => floor >= 12_500n && floor <= 200_000n)).toBe(true);
    const below = feed.filter((floor) => floor < 50_000n).length / feed.length;
    expect(Math.abs(below - 0.5)).toBeLessThan(0.03);
    expect(new Set(made.map((o) => o.customerId)).size).toBe(101);
  });

  it('gives ids that sort as they were made and carry the prefix', () => {
    const ids = made.map(({ id }) => id);
    expect(new Set(ids).size).toBe(10_000);
    expect([...ids].sort()).toEqual(ids);
    expect(ids[7]).toBe('sim-0007');
    const named = simulateOpportunities({ ...plan, count: 2, idPrefix: 'x-' }, new SeededRandom(1));
    expect(named.map(({ id }) => id)).toEqual(['x-0', 'x-1']);
  });

  it('can draw each customer once before any twice', () => {
    const once = { ...plan, count: 100, strangerShare: 0, isWithoutRepeats: true };
    const drawn = simulateOpportunities(once, new SeededRandom(1)).map((o) => o.customerId);
    expect(new Set(drawn).size).toBe(100);
  });

  it('knows only strangers when there are no customers', () => {
    const none = simulateOpportunities(
      { ...plan, customerIds: [], count: 20 },
      new SeededRandom(1),
    );
    expect(none.every((o) => !('customerId' in o))).toBe(true);
  });

  it.each<[string, Partial<OpportunityPlan>]>([
    ['count', { count: -1 }],
    ['strangerShare', { strangerShare: 2 }],
    ['segment', { segments: [] }],
    ['weights', { segments: [{ name: 'a', weight: 0, medianFloorMicros: 0n }] }],
    ['floors', { segments: [{ name: 'a', weight: 1, medianFloorMicros: -1n }] }],
  ])('refuses a wrong %s', (what, change) => {
    expect(() => simulateOpportunities({ ...plan, ...change }, new SeededRandom(1))).toThrow(what);
  });
});
