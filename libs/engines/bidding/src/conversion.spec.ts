/**
 * Goal: conversion probabilities are shrunk towards the pool as much as the data says, and never leave (0, 1).
 * Method: closed forms where there are some, simulated segments whose spread is known, properties over random counts.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import fc from 'fast-check';
import { conversionProbability, learnConversion, type ConversionCount } from './conversion.js';
import { logGamma } from './log-gamma.js';

const counts = fc.uniqueArray(
  fc
    .record({
      segment: fc.string({ minLength: 1, maxLength: 4 }),
      impressions: fc.integer({ min: 0, max: 1_000_000 }),
      rate: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ segment, impressions, rate }) => ({
      segment,
      impressions,
      conversions: Math.floor(impressions * rate),
    })),
  { selector: ({ segment }) => segment, maxLength: 12 },
);

function simulate(rates: readonly number[], impressions: number, seed: number): ConversionCount[] {
  const random = new SeededRandom(seed);
  return rates.map((rate, i) => ({
    segment: `s${i}`,
    impressions,
    conversions: Array.from({ length: impressions }, () => random.nextDouble() < rate).filter(
      Boolean,
    ).length,
  }));
}

describe('logGamma', () => {
  it('meets the factorials and Γ(1/2)', () => {
    let factorial = 1;
    for (let n = 1; n <= 20; n++) {
      expect(logGamma(n)).toBeCloseTo(Math.log(factorial), 11);
      factorial *= n;
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 12);
    expect(logGamma(1e-6) / -Math.log(1e-6)).toBeCloseTo(1, 5);
  });
});

describe('learnConversion', () => {
  it('knows only its prior at first', () => {
    const table = learnConversion([]);
    expect(table).toMatchObject({ rate: 0.02, concentration: 50, segments: [] });
    expect(conversionProbability(table, 'anything')).toBe(0.02);
    expect(conversionProbability(learnConversion([], { rate: 0.1 }), 'anything')).toBe(0.1);
  });

  it('mixes one segment with the prior', () => {
    const table = learnConversion([{ segment: 'a', impressions: 950, conversions: 99 }]);
    expect(table.rate).toBeCloseTo(0.1, 12);
    expect(conversionProbability(table, 'a')).toBeCloseTo((99 + 0.1 * 50) / 1000, 12);
    expect(conversionProbability(table, 'b')).toBe(table.rate);
  });

  it('pools segments that behave alike and keeps apart those that do not', () => {
    const alike = learnConversion(simulate([0.05, 0.05, 0.05, 0.05, 0.05, 0.05], 2000, 1));
    const apart = learnConversion(simulate([0.01, 0.02, 0.04, 0.08, 0.16, 0.32], 2000, 1));
    expect(alike.concentration).toBeGreaterThan(20 * apart.concentration);
    expect(conversionProbability(apart, 's5')).toBeCloseTo(0.32, 1);
    expect(conversionProbability(apart, 's0')).toBeLessThan(0.02);
  });

  it('is closer to the truth than raw rates when data is scarce', () => {
    const random = new SeededRandom(7);
    const truth = Array.from({ length: 200 }, () => 0.01 + 0.04 * random.nextDouble());
    const seen = simulate(truth, 60, 8);
    const table = learnConversion(seen);
    const error = (estimate: (i: number) => number): number =>
      truth.reduce((total, rate, i) => total + (estimate(i) - rate) ** 2, 0);
    const raw = error((i) => (seen[i]?.conversions ?? 0) / 60);
    expect(error((i) => conversionProbability(table, `s${i}`))).toBeLessThan(0.4 * raw);
  });

  it.each<ConversionCount[][]>([
    [[{ segment: 'a', impressions: 1, conversions: 2 }]],
    [[{ segment: 'a', impressions: 1.5, conversions: 1 }]],
    [[{ segment: 'a', impressions: Number.NaN, conversions: 0 }]],
    [[{ segment: 'a', impressions: 3, conversions: -1 }]],
    [
      [
        { segment: 'a', impressions: 1, conversions: 1 },
        { segment: 'a', impressions: 1, conversions: 1 },
      ],
    ],
  ])('refuses %j', (wrong) => {
    expect(() => learnConversion(wrong)).toThrow(
      expect.objectContaining({ code: 'conversion_counts_invalid' }),
    );
  });

  it('lies between the pool and the raw rate, inside (0, 1), whatever was counted', () => {
    fc.assert(
      fc.property(counts, (seen) => {
        const { rate, segments } = learnConversion(seen);
        for (const { probability: p, impressions, conversions } of segments) {
          const raw = impressions === 0 ? rate : conversions / impressions;
          expect(p).toBeGreaterThan(0);
          expect(p).toBeLessThan(1);
          expect(p).toBeGreaterThanOrEqual(Math.min(raw, rate) - 1e-12);
          expect(p).toBeLessThanOrEqual(Math.max(raw, rate) + 1e-12);
        }
      }),
    );
  });

  it('does not depend on the order of the rows, and survives JSON', () => {
    fc.assert(
      fc.property(counts, fc.integer(), (seen, seed) => {
        const random = new SeededRandom(seed);
        const shuffled = seen
          .map((count) => ({ count, key: random.nextUint32() }))
          .sort((a, b) => a.key - b.key)
          .map(({ count }) => count);
        const table = learnConversion(seen);
        expect(learnConversion(shuffled)).toEqual(table);
        expect(JSON.parse(JSON.stringify(table))).toEqual(table);
      }),
    );
  });
});
