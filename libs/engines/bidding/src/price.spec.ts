/**
 * Goal: no price is above the cap or the worth, none below the floor, more value never lowers a bid, equal input gives
 * equal output. Method: hand-made cases at each limit, then properties over random inputs of all sizes.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isBidReason, priceBid, type PriceInput } from './price.js';

const base: PriceInput = {
  valueMicros: 100_000_000n,
  conversionProbability: 0.02,
  valueShareMilli: 300,
  floorMicros: 0n,
  minBidMicros: 0n,
  maxBidMicros: 10_000_000n,
};

const amount = fc.oneof(
  fc.bigInt({ min: 0n, max: 2_000_000n }),
  fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
);
const inputs: fc.Arbitrary<PriceInput> = fc.record({
  valueMicros: fc.oneof(
    amount,
    amount.map((micros) => -micros),
  ),
  conversionProbability: fc.double({ min: 0, max: 1, noNaN: true }),
  valueShareMilli: fc.integer({ min: 1, max: 1000 }),
  floorMicros: amount,
  minBidMicros: amount,
  maxBidMicros: amount,
});

describe('priceBid', () => {
  it('bids the share of the expected value', () => {
    expect(priceBid(base)).toEqual({ priceMicros: 600_000n, reason: 'bid', worthMicros: 600_000 });
  });

  it.each<[string, Partial<PriceInput>, bigint]>([
    ['bid', { maxBidMicros: 600_000n, floorMicros: 600_000n, minBidMicros: 600_000n }, 600_000n],
    ['bid_capped', { maxBidMicros: 599_999n }, 599_999n],
    ['below_floor', { floorMicros: 600_001n }, 0n],
    ['floor_above_cap', { maxBidMicros: 500_000n, floorMicros: 500_001n }, 0n],
    ['below_min_bid', { minBidMicros: 600_001n }, 0n],
    ['below_min_bid', { valueMicros: 1n }, 0n],
    ['value_not_positive', { valueMicros: 0n }, 0n],
    ['value_not_positive', { valueMicros: -1n }, 0n],
    ['value_not_positive', { conversionProbability: 0 }, 0n],
  ])('says %s for %j', (reason, change, priceMicros) => {
    expect(priceBid({ ...base, ...change })).toMatchObject({ reason, priceMicros });
  });

  it('rounds half to even, once', () => {
    const half = { ...base, conversionProbability: 0.5, valueShareMilli: 1000 };
    const priceOf = (valueMicros: bigint): bigint => priceBid({ ...half, valueMicros }).priceMicros;
    expect([5n, 7n, 9n, 11n].map(priceOf)).toEqual([2n, 4n, 4n, 6n]);
  });

  it.each<Partial<PriceInput>>([
    { conversionProbability: Number.NaN },
    { conversionProbability: 1.0001 },
    { conversionProbability: -0.1 },
    { valueShareMilli: 0 },
    { valueShareMilli: 1001 },
    { valueShareMilli: 1.5 },
    { floorMicros: -1n },
    { maxBidMicros: -1n },
    { valueMicros: 2n ** 53n },
  ])('refuses %j', (change) => {
    expect(() => priceBid({ ...base, ...change })).toThrow(
      expect.objectContaining({ code: 'bid_input_invalid' }),
    );
  });

  it('is never above the cap nor above the worth, and never below the floor or the lowest bid', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { priceMicros, reason, worthMicros } = priceBid(input);
        if (!isBidReason(reason)) return priceMicros === 0n;
        const isWithinWorth = Number(priceMicros) <= worthMicros + 0.5;
        return (
          priceMicros > 0n &&
          priceMicros <= input.maxBidMicros &&
          priceMicros >= input.floorMicros &&
          priceMicros >= input.minBidMicros &&
          isWithinWorth
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('never bids less for more value, probability or share', () => {
    const more = fc.record({
      valueMicros: fc.bigInt({ min: 0n, max: 10n ** 12n }),
      probability: fc.double({ min: 0, max: 1, noNaN: true }),
      share: fc.integer({ min: 0, max: 999 }),
    });
    fc.assert(
      fc.property(inputs, more, (input, extra) => {
        const valueMicros = input.valueMicros + extra.valueMicros;
        fc.pre(valueMicros < 2n ** 53n && input.valueMicros >= 0n);
        const better = {
          ...input,
          valueMicros,
          conversionProbability: Math.max(input.conversionProbability, extra.probability),
          valueShareMilli: Math.max(input.valueShareMilli, extra.share),
        };
        return priceBid(better).priceMicros >= priceBid(input).priceMicros;
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the same answer again', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        expect(priceBid({ ...input })).toEqual(priceBid(input));
      }),
    );
  });
});
