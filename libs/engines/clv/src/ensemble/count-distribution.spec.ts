/**
 * Goal: customers' counts follow the mixture that is documented. Method: sums over the whole distribution, brute force
 * for the shortest range, tables for Student's t.
 */
import { expect, it } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { NORMAL_NODES } from '../numerics/hermite.js';
import { incompleteBeta } from '../numerics/incomplete-beta.js';
import {
  cumulative,
  processVariance,
  quantiles,
  shortestRange,
  type CountMixture,
} from './count-distribution.js';
import { studentQuantile } from './student-t.js';

const mixtures = fc.record({
  aliveProbability: fc.double({ min: 0.01, max: 1, noNaN: true }),
  meanIfAlive: fc.double({ min: 0.01, max: 20, noNaN: true }),
  shape: fc.double({ min: 0.3, max: 30, noNaN: true }),
  shockScale: fc.double({ min: 0, max: 0.3, noNaN: true }),
});

function moments(mixture: Parameters<typeof cumulative>[0]) {
  const below = cumulative(mixture, 1 - 1e-12);
  let [mean, square] = [0, 0];
  below.forEach((value, n) => {
    const mass = value - (below[n - 1] ?? 0);
    mean += n * mass;
    square += n * n * mass;
  });
  return { mean, variance: square - mean * mean };
}

it('has the mean that was given, whatever the shock', () => {
  fc.assert(
    fc.property(mixtures, (mixture) => {
      const wanted = mixture.aliveProbability * mixture.meanIfAlive;
      expect(moments(mixture).mean / wanted).toBeCloseTo(1, 3);
    }),
    { numRuns: 100, seed: testSeed() },
  );
});

it('knows its variance without a shock', () => {
  fc.assert(
    fc.property(mixtures, (drawn) => {
      const mixture = { ...drawn, shockScale: 0 };
      expect(moments(mixture).variance / processVariance(mixture)).toBeCloseTo(1, 5);
    }),
    { numRuns: 100, seed: testSeed() },
  );
});

it('finds the shortest range and ascending quantiles', () => {
  fc.assert(
    fc.property(mixtures, fc.constantFrom(0.5, 0.8, 0.9), (mixture, level) => {
      const [low, high] = shortestRange(mixture, level);
      const below = cumulative(mixture, 1 - 1e-9);
      const mass = (from: number, to: number): number => (below[to] ?? 1) - (below[from - 1] ?? 0);
      expect(mass(low, high)).toBeGreaterThanOrEqual(level - 1e-9);
      for (let from = 0; from + high - low - 1 < below.length && high > low; from++) {
        expect(mass(from, from + high - low - 1)).toBeLessThan(level);
      }
      const [q05 = 0, q50 = 0, q95 = 0] = quantiles(mixture, [0.05, 0.5, 0.95]);
      expect(q05 <= q50 && q50 <= q95).toBe(true);
      expect(below[q50]).toBeGreaterThanOrEqual(0.5 - 1e-9);
      expect(below[q50 - 1] ?? 0).toBeLessThan(0.5);
    }),
    { numRuns: 100, seed: testSeed() },
  );
});

it('knows whoever buys every day for years as well', () => {
  const decades = (low: number, high: number) =>
    fc.double({ min: Math.log(low), max: Math.log(high), noNaN: true }).map(Math.exp);
  const busy = fc.record({
    aliveProbability: fc.double({ min: 0.01, max: 1, noNaN: true }),
    meanIfAlive: decades(20, 50_000),
    shape: decades(30, 5000),
    shockScale: fc.double({ min: 0, max: 0.3, noNaN: true }),
  });
  const levels = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
  fc.assert(
    fc.property(busy, (mixture) => {
      const wanted = mixture.aliveProbability * mixture.meanIfAlive;
      expect(moments(mixture).mean / wanted).toBeCloseTo(1, 3);
      quantiles(mixture, levels).forEach((count, i) => {
        expect(belowByBeta(mixture, count)).toBeGreaterThanOrEqual((levels[i] ?? 1) - 1e-9);
        if (count > 0)
          expect(belowByBeta(mixture, count - 1)).toBeLessThan((levels[i] ?? 0) + 1e-9);
      });
    }),
    { numRuns: 40, seed: testSeed() },
  );
});

function belowByBeta(mixture: CountMixture, n: number): number {
  const { aliveProbability: p, meanIfAlive, shape, shockScale } = mixture;
  return NORMAL_NODES.reduce((sum, [node, weight]) => {
    const mean = meanIfAlive * Math.exp(node * shockScale - 0.5 * shockScale ** 2);
    return sum + p * weight * incompleteBeta(shape, n + 1, shape / (shape + mean));
  }, 1 - p);
}

it("knows the table of Student's t", () => {
  expect(studentQuantile(0.95, 5)).toBeCloseTo(2.015048, 6);
  expect(studentQuantile(0.975, 10)).toBeCloseTo(2.228139, 6);
  expect(studentQuantile(0.05, 4)).toBeCloseTo(-2.131847, 6);
  expect(studentQuantile(0.5, 4)).toBe(0);
  expect(studentQuantile(0.95, 10_000)).toBeCloseTo(1.645006, 5);
});
