/**
 * Goal: quantiles of a total are those of expected × gamma × log-Student. Method: the ends where one part is nothing, and
 * draws of both.
 */
import { expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { gammaVariate, normalVariate } from '../numerics/sampling.js';
import { studentQuantile } from './student-t.js';
import { totalQuantiles } from './total-law.js';

const LEVELS = [0.001, 0.05, 0.5, 0.8, 0.95, 0.999];

it('is log-Student where the process is nothing', () => {
  for (const degreesOfFreedom of [3, 4, 8, 10_000]) {
    const spread = { process: 0, shared: 0.11, degreesOfFreedom };
    const exact = totalQuantiles(1000, spread, LEVELS);
    LEVELS.forEach((level, i) => {
      const wanted = 1000 * Math.exp(0.11 * studentQuantile(level, degreesOfFreedom));
      expect(exact[i]).toBeCloseTo(wanted, 6);
    });
    const nearly = totalQuantiles(1000, { ...spread, process: 0.001 }, LEVELS);
    nearly.forEach((value, i) => {
      expect(Math.abs(value / (exact[i] ?? NaN) - 1)).toBeLessThan(2e-3);
    });
  }
});

it('agrees with draws of few and of many customers', () => {
  const random = new SeededRandom(testSeed());
  for (const [process, shared] of [
    [5, 0.1],
    [1, 0],
    [1, 0.5],
    [0.2, 0.1],
    [0.05, 0.2],
  ] as const) {
    const shape = process ** -2;
    const drawn = Float64Array.from({ length: 40_000 }, () => {
      // t with 8 degrees of freedom: a normal over the root of a mean of squares.
      const squares = gammaVariate(random, 4, 4);
      const t = normalVariate(random) / Math.sqrt(squares);
      return gammaVariate(random, shape, shape) * Math.exp(shared * t);
    });
    const levels = [0.05, 0.5, 0.95];
    totalQuantiles(1, { process, shared, degreesOfFreedom: 8 }, levels).forEach((value, i) => {
      const share = drawn.filter((total) => total <= value).length / drawn.length;
      const level = levels[i] ?? NaN;
      // Five standard errors of a share, and what a grid is allowed.
      expect(Math.abs(share - level)).toBeLessThan(
        5 * Math.sqrt((level * (1 - level)) / 40_000) + 5e-3,
      );
    });
  }
});

it('ascends, scales with its expectation, and is 0 of nobody', () => {
  const deviation = fc.double({ min: 0, max: 6, noNaN: true });
  fc.assert(
    fc.property(deviation, deviation, fc.integer({ min: 3, max: 30 }), (process, shared, n) => {
      const spread = { process, shared, degreesOfFreedom: n };
      const values = totalQuantiles(50, spread, LEVELS);
      expect(values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
      expect(values).toEqual([...values].sort((a, b) => a - b));
      totalQuantiles(100, spread, LEVELS).forEach((value, i) => {
        expect(value).toBeCloseTo(2 * (values[i] ?? NaN), 6 - Math.log10(value + 1));
      });
    }),
    { numRuns: 30, seed: testSeed() },
  );
  expect(totalQuantiles(0, { process: 0, shared: 1, degreesOfFreedom: 5 }, [0.5])).toEqual([0]);
});
