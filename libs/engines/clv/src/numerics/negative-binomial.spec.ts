/**
 * Goal: negative binomial probabilities of any customer, of whom nothing is expected and who buys every day for a century.
 * Method: the incomplete beta function, P(N ≤ n) = I(shape, n + 1) at shape / (shape + mean), in the middle and both tails.
 */
import { describe, expect, it } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { incompleteBeta } from './incomplete-beta.js';
import { NegativeBinomialWalk } from './negative-binomial.js';
import { rootBetween } from './root.js';

const decades = (low: number, high: number) =>
  fc.double({ min: Math.log(low), max: Math.log(high), noNaN: true }).map(Math.exp);

describe('NegativeBinomialWalk', () => {
  it('adds up to the incomplete beta function', () => {
    const where = fc.double({ min: -6, max: 6, noNaN: true });
    fc.assert(
      fc.property(decades(0.05, 5000), decades(0.001, 50_000), where, (shape, mean, z) => {
        const deviation = Math.sqrt(mean + (mean * mean) / shape);
        const until = Math.max(0, Math.floor(mean + z * deviation));
        const walk = new NegativeBinomialWalk(shape, mean);
        let sum = 0;
        for (let n = 0; n <= until; n++) sum += walk.at(n);
        const wanted = incompleteBeta(shape, until + 1, shape / (shape + mean));
        expect(Math.abs(sum - wanted)).toBeLessThan(1e-9);
      }),
      { numRuns: 200, seed: testSeed() },
    );
  });

  it('knows who buys nothing, and ends for whom it cannot be', () => {
    const nobody = new NegativeBinomialWalk(0.3, 0);
    expect([0, 1, 2].map((n) => nobody.at(n))).toEqual([1, 0, 0]);
    expect(new NegativeBinomialWalk(5000, 1e300).at(0)).toBe(0);
  });
});

describe('rootBetween', () => {
  it('finds where a function rises through 0, also in a step', () => {
    const at = fc.double({ min: -9, max: 9, noNaN: true });
    fc.assert(
      fc.property(at, decades(1e-3, 1e6), (x, steepness) => {
        const smooth = rootBetween((y) => Math.expm1(y - x), -10, 10);
        expect(Math.abs(smooth - x)).toBeLessThan(1e-10);
        const edge = rootBetween((y) => Math.tanh(steepness * (y - x)), -10, 10);
        expect(Math.abs(edge - x)).toBeLessThan(1e-10);
        expect(Math.abs(rootBetween((y) => (y < x ? -1 : 1), -10, 10) - x)).toBeLessThan(1e-10);
      }),
      { seed: testSeed() },
    );
  });

  it('answers the nearer end where there is none', () => {
    expect(rootBetween((x) => x, 1, 2)).toBe(1);
    expect(rootBetween((x) => x - 3, 1, 2)).toBe(2);
  });
});
