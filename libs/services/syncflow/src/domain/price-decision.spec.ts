/**
 * Goal: a decision follows from campaign, opportunity, value and conversion table alone, and says why.
 * Method: one case per reason; the digest under permutations and single changes.
 */
import { describe, expect, it } from '@jest/globals';
import { learnConversion } from '@kiki/bidding';
import fc from 'fast-check';
import type { Campaign } from './campaign.js';
import {
  decisionsDigest,
  explainDecision,
  holdIdOf,
  type CustomerValue,
  type Decision,
} from './decision.js';
import type { Opportunity } from './opportunity.js';
import { priceDecision } from './price-decision.js';

const campaign: Campaign = {
  tenant: 'default',
  id: 'spring',
  name: 'Spring',
  budgetId: 'ads',
  currency: 'EUR',
  channel: 'social',
  valueShareMilli: 300,
  minBidMicros: 1_000n,
  maxBidMicros: 1_000_000n,
  holdTtlMs: 60_000,
  holdGraceMs: 300_000,
  isActive: true,
  createdAt: new Date(0),
};
const opportunity: Opportunity = {
  id: 'o1',
  customerId: 'c1',
  channel: 'social',
  floorMicros: 100_000n,
  currency: 'EUR',
  segment: 'feed',
};
const value: CustomerValue = { valueMicros: 100_000_000n, source: 'model', modelVersion: 'm1' };
const conversion = learnConversion([{ segment: 'feed', impressions: 9950, conversions: 99 }]);

describe('priceDecision', () => {
  it('bids the share of the expected value', () => {
    expect(priceDecision({ campaign, opportunity, value, conversion })).toEqual({
      conversionProbability: expect.closeTo(0.01, 3),
      priceMicros: expect.any(BigInt),
      reason: 'bid',
      status: 'priced',
      terms: { valueShareMilli: 300, minBidMicros: 1_000n, maxBidMicros: 1_000_000n },
    });
    const { priceMicros } = priceDecision({ campaign, opportunity, value, conversion });
    expect(Number(priceMicros)).toBeCloseTo(100e6 * 0.01 * 0.3, -4);
  });

  it.each<[string, Partial<Campaign>, Partial<Opportunity>]>([
    ['campaign_inactive', { isActive: false, channel: 'other' }, {}],
    ['channel_mismatch', {}, { channel: 'search', currency: 'USD' }],
    ['currency_mismatch', {}, { currency: 'USD' }],
    ['below_floor', {}, { floorMicros: 999_999n }],
    ['floor_above_cap', { maxBidMicros: 50_000n }, {}],
    ['below_min_bid', { minBidMicros: 900_000n }, {}],
  ])('says %s', (reason, terms, offer) => {
    const facts = {
      campaign: { ...campaign, ...terms },
      opportunity: { ...opportunity, ...offer },
    };
    expect(priceDecision({ ...facts, value, conversion })).toMatchObject({
      reason,
      priceMicros: 0n,
      status: 'no_bid',
    });
  });

  it('caps, and does not bid on nothing', () => {
    const capped = { ...campaign, maxBidMicros: 200_000n };
    const facts = { campaign: capped, opportunity, value, conversion };
    expect(priceDecision(facts)).toMatchObject({ reason: 'bid_capped', priceMicros: 200_000n });
    const worthless = { ...value, valueMicros: -5n };
    expect(priceDecision({ ...facts, value: worthless }).reason).toBe('value_not_positive');
  });
});

describe('explainDecision', () => {
  const decision: Decision = {
    ...{ tenant: 'default', campaignId: 'spring', opportunityId: 'o1', jobId: 'j1' },
    ...{ channel: 'social', segment: 'feed', currency: 'EUR', floorMicros: 0n },
    value: { valueMicros: 50_000_000n, source: 'fallback', fallbackReason: 'breaker_open' },
    snapshotVersion: 3,
    ...priceDecision({ campaign, opportunity, value, conversion }),
    status: 'denied',
    holdReason: 'cap_exceeded',
    decidedAt: new Date(0),
  };

  it('names value, source, chance, price, rule, budget and status', () => {
    const text = explainDecision(decision);
    for (const part of [
      '50.00 EUR',
      'fallback, breaker_open',
      'probability 0.00995',
      'Priced at',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain('Budget: cap_exceeded.');
    expect(text).toContain('Status: denied.');
    expect(explainDecision({ ...decision, reason: 'below_floor' })).toContain('No bid: the seller');
  });
});

describe('holdIdOf', () => {
  it('is one id per campaign and opportunity that leaves room for a suffix', () => {
    const id = fc.string({ minLength: 1, maxLength: 128, unit: 'grapheme-ascii' });
    fc.assert(
      fc.property(id, id, (campaignId, opportunityId) => {
        const hold = holdIdOf(campaignId, opportunityId);
        expect(hold.length).toBeLessThanOrEqual(112);
        expect(holdIdOf(campaignId, opportunityId)).toBe(hold);
        expect(holdIdOf(campaignId, `${opportunityId}x`)).not.toBe(hold);
      }),
    );
  });
});

describe('decisionsDigest', () => {
  const line = fc.record({
    opportunityId: fc.string({ minLength: 1, maxLength: 8 }),
    valueMicros: fc.bigInt({ min: -5n, max: 10n ** 12n }),
    priceMicros: fc.bigInt({ min: 0n, max: 10n ** 9n }),
    reason: fc.constantFrom('bid', 'below_floor'),
  });
  const lines = fc.uniqueArray(line, { selector: (one) => one.opportunityId, minLength: 1 });

  it('does not depend on order', () => {
    fc.assert(
      fc.property(lines, (some) => decisionsDigest(some) === decisionsDigest(some.toReversed())),
    );
  });

  it('changes with any member of any line', () => {
    fc.assert(
      fc.property(lines, ([first, ...rest]) => {
        const digest = decisionsDigest([first!, ...rest]);
        const changes = [
          { valueMicros: first!.valueMicros + 1n },
          { priceMicros: first!.priceMicros + 1n },
          { reason: 'bid_capped' },
        ];
        return changes.every(
          (change) => decisionsDigest([{ ...first!, ...change }, ...rest]) !== digest,
        );
      }),
    );
  });
});
