/**
 * Goal: quantiles of money follow the counts and Gamma-Gamma. Method: closed forms of I_x, and a simulation of
 * customers whose spends follow the model.
 */
import { expect, it } from '@jest/globals';
import { SeededRandom, type Random } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { incompleteBeta } from '../numerics/incomplete-beta.js';
import { gammaVariate, poissonVariate } from '../numerics/sampling.js';
import type { SpendModel } from '../spend-model.js';
import { cumulative } from './count-distribution.js';
import { countBins, spendQuantiles, spendQuantilesOf, type Spender } from './spend-distribution.js';

const spend: SpendModel = {
  kind: 'gamma_gamma',
  parameters: { p: 6.25, q: 3.74, v: 15.44 },
  parameterNames: ['p', 'q', 'v'],
  logLikelihood: null,
  standardErrors: null,
  populationMeanMicros: ((6.25 * 15.44) / 2.74) * 1e6,
  customers: 946,
  zeroSpendCustomers: 0,
  frequencySpendCorrelation: null,
};
const customer = { frequency: 2, recency: 20, age: 30, spendMeanMicros: 30e6 };
const counts = { aliveProbability: 0.8, meanIfAlive: 2, shape: 2.5, shockScale: 0 };

it('knows I_x(a, b) where it has a closed form, and mirrors', () => {
  expect(incompleteBeta(2, 1, 0.3)).toBeCloseTo(0.09, 14);
  expect(incompleteBeta(1, 5, 0.2)).toBeCloseTo(1 - 0.8 ** 5, 14);
  expect(incompleteBeta(0.5, 0.5, 0.5)).toBeCloseTo(0.5, 14);
  expect(incompleteBeta(3, 4, 0)).toBe(0);
  expect(incompleteBeta(3, 4, 1)).toBe(1);
  const shape = fc.double({ min: 0.1, max: 200, noNaN: true });
  const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(shape, shape, share, (a, b, x) => {
      const mirrored = 1 - incompleteBeta(b, a, 1 - x);
      expect(incompleteBeta(a, b, x)).toBeCloseTo(mirrored, 10);
    }),
    { seed: testSeed() },
  );
});

it('agrees with drawn customers', () => {
  const random = new SeededRandom(testSeed());
  const drawn = Array.from({ length: 40_000 }, () => drawSpend(random)).sort((a, b) => a - b);
  const levels = [0.5, 0.8, 0.95];
  const exact = spendQuantiles(counts, { model: spend, customer }, levels);
  levels.forEach((level, i) => {
    const value = exact[i] ?? NaN;
    const share = drawn.filter((money) => money <= value).length / drawn.length;
    // Five standard errors of a share.
    expect(Math.abs(share - level)).toBeLessThan(5 * Math.sqrt((level * (1 - level)) / 40_000));
  });
  expect(spendQuantiles(counts, { model: spend, customer }, [0.1], 0.5)).toEqual([0]);
  const [half = NaN] = spendQuantiles(counts, { model: spend, customer }, [0.8], 0.5);
  expect(half / (exact[1] ?? NaN)).toBeCloseTo(0.5, 9);
});

function drawSpend(random: Random): number {
  if (random.nextDouble() >= counts.aliveProbability) return 0;
  const mean = gammaVariate(random, counts.shape, counts.shape / counts.meanIfAlive);
  const n = poissonVariate(random, mean);
  const nu = gammaVariate(random, 3.74 + 6.25 * 2, 15.44e6 + 2 * 30e6);
  return n === 0 ? 0 : gammaVariate(random, 6.25 * n, nu);
}

it('knows the money of the busiest, whatever else is asked, from a few hundred counts', () => {
  const decades = (low: number, high: number) =>
    fc.double({ min: Math.log(low), max: Math.log(high), noNaN: true }).map(Math.exp);
  const busy = fc.record({
    aliveProbability: fc.double({ min: 0.3, max: 1, noNaN: true }),
    meanIfAlive: decades(0.1, 5000),
    shape: decades(0.3, 2000),
    shockScale: fc.constantFrom(0, 0.1, 0.3),
  });
  const levels = [0.75, 0.9, 0.95, 0.99];
  fc.assert(
    fc.property(busy, fc.nat(1000), decades(0.5, 20), (mixture, frequency, p) => {
      const model = { ...spend, parameters: { ...spend.parameters, p } };
      const spender = { model, customer: { ...customer, frequency } };
      const below = cumulative(mixture, 1 - 1e-9);
      expect(countBins(below).length).toBeLessThan(500);
      const found = spendQuantilesOf(below, spender, levels);
      levels.forEach((level, i) => {
        expect(spendQuantilesOf(below, spender, [level])).toEqual([found[i]]);
        if ((found[i] ?? 0) === 0) expect(below[0]).toBeGreaterThanOrEqual(level);
        else
          expect(Math.abs(spentAtMost(below, spender, found[i] ?? 0) - level)).toBeLessThan(1e-3);
      });
    }),
    { numRuns: 15, seed: testSeed() },
  );
});

/** P(S ≤ s): every count for itself. */
function spentAtMost(
  below: readonly number[],
  { model, customer: who }: Spender,
  s: number,
): number {
  const { p = NaN, q = NaN, v = NaN } = model.parameters;
  const scale = v * 1e6 + who.frequency * (who.spendMeanMicros ?? 0);
  const share = s / (s + scale);
  return below.reduce((sum, value, n) => {
    if (n === 0) return value;
    const mass = value - (below[n - 1] ?? 0);
    return sum + mass * incompleteBeta(p * n, q + p * who.frequency, share);
  }, 0);
}

it('takes each spend to be the mean where there is no more to know', () => {
  const mean: SpendModel = { ...spend, kind: 'mean', parameters: { mean: 20 } };
  const model = { ...mean, populationMeanMicros: 20e6 };
  const [money = NaN] = spendQuantiles(counts, { model, customer }, [0.8]);
  expect((money / 20e6) % 1).toBeCloseTo(0, 6);
});
