/**
 * Goal: a context that was stored is the one that was said, and two that say the same are the same.
 * Method: random contexts there and back; the order of members never matters.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  contextFromText,
  contextToText,
  isSameContext,
  isWithinGeo,
  type HoldContext,
} from './hold-context.js';

const money = fc.bigInt({ min: 0n, max: 9_007_199_254_740_991n });
const context = fc.record(
  {
    channel: fc.constantFrom('search', 'social'),
    geo: fc.constantFrom('DE', 'US-CA'),
    campaignId: fc.string({ minLength: 1, maxLength: 128 }),
    publisher: fc.string({ minLength: 1, maxLength: 128 }),
    subject: fc.string({ minLength: 1 }),
    bidMicros: money,
    predictedLtvMicros: money,
    acquisitions: fc.nat(1_000_000),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<HoldContext>;

describe('the context of a hold', () => {
  it('comes back from its text as it was', () => {
    fc.assert(
      fc.property(context, (said) => {
        const text = contextToText(said);
        if (text === undefined) return expect(said).toEqual({});
        expect(contextFromText(text)).toEqual(said);
      }),
    );
  });

  it('is the same whatever the order of its members', () => {
    fc.assert(
      fc.property(context, context, (a, b) => {
        const reversed = Object.fromEntries(Object.entries(a).reverse()) as HoldContext;
        expect(isSameContext(a, reversed)).toBe(true);
        expect(isSameContext(a, b)).toBe(contextToText(a) === contextToText(b));
      }),
    );
    expect(isSameContext(undefined, {})).toBe(true);
    expect(isSameContext({ channel: 'search' }, undefined)).toBe(false);
  });

  it('knows what lies within a country', () => {
    expect(isWithinGeo('US-CA', 'US')).toBe(true);
    expect(isWithinGeo('US', 'US-CA')).toBe(false);
    expect(isWithinGeo('USA', 'US')).toBe(false);
  });
});
