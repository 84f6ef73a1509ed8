/** Goal: every opportunity goes into exactly one job, and small campaigns are spread over the run. */
import { describe, expect, it } from '@jest/globals';
import type { Offer } from '../exchange/exchange-process.js';
import { dealJobs } from './bid-jobs.js';
import { decisionsDigest } from './recount.js';

const offers = (prefix: string, count: number): Offer[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ id: `${prefix}${i}`, channel: 'x', segment: 's', currency: 'EUR' },
    floorMicros: 1n,
  }));

describe('dealJobs', () => {
  const jobs = dealJobs(
    new Map([
      ['big', offers('b', 1_950)],
      ['small', offers('s', 250)],
    ]),
  );

  it('keeps each opportunity once, at most 100 a job, in order within a campaign', () => {
    const ids = jobs.flatMap(({ offers }) => offers.map(({ id }) => id));
    expect([ids.length, new Set(ids).size]).toEqual([2_200, 2_200]);
    expect(Math.max(...jobs.map(({ offers }) => offers.length))).toBe(100);
    expect(ids.filter((id) => id.startsWith('b'))).toEqual(offers('b', 1_950).map(({ id }) => id));
  });

  it('spreads a small campaign between the jobs of a big one', () => {
    const places = jobs.flatMap(({ campaignId }, at) => (campaignId === 'small' ? [at] : []));
    expect(places).toHaveLength(3);
    expect(places[0]).toBeGreaterThan(1);
    expect(places[2]).toBeLessThan(jobs.length - 2);
  });

  it('makes more and smaller jobs where they are asked for', () => {
    const cut = dealJobs(new Map([['big', offers('b', 120)]]), 6);
    expect(cut.map(({ offers }) => offers.length)).toEqual([20, 20, 20, 20, 20, 20]);
    expect(dealJobs(new Map([['tiny', offers('t', 3)]]), 6)).toHaveLength(3);
  });

  it('has nothing to do for nothing', () => expect(dealJobs(new Map())).toEqual([]));
});

describe('decisionsDigest', () => {
  const line = { opportunityId: 'o1', valueMicros: 5, priceMicros: 2, reason: 'bid' };
  const other = { ...line, opportunityId: 'o0' };

  it('ignores the order of the rows and notices each of the four facts', () => {
    const digest = decisionsDigest([line, other]);
    expect(decisionsDigest([other, line])).toBe(digest);
    for (const change of [
      { opportunityId: 'o2' },
      { valueMicros: 6 },
      { priceMicros: 3 },
      { reason: 'below_floor' },
    ]) {
      expect(decisionsDigest([{ ...line, ...change }, other])).not.toBe(digest);
    }
  });
});
