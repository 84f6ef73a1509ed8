/** Goal: scores of intervals and quantiles as published. Method: values worked out by hand, and properties. */
import { expect, it } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { coverage, intervalScore, meanAbsoluteError, pinballLoss } from './interval-scores.js';

it('scores an interval by its width and twenty times what it missed at 90 %', () => {
  expect(intervalScore({ low: 1, high: 3, actual: 2 }, 0.9)).toBe(2);
  expect(intervalScore({ low: 1, high: 3, actual: 4 }, 0.9)).toBeCloseTo(22, 9);
  expect(intervalScore({ low: 1, high: 3, actual: 0.5 }, 0.9)).toBeCloseTo(12, 9);
  const outcomes = [0, 1, 3, 4].map((actual) => ({ low: 1, high: 3, actual }));
  expect(coverage(outcomes)).toBe(0.5);
  expect(coverage([])).toBeNull();
});

it('is the sum of two pinball losses', () => {
  const number = fc.double({ min: -50, max: 50, noNaN: true });
  fc.assert(
    fc.property(number, number, number, (a, b, actual) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const pinball = pinballLoss(low, actual, 0.05) + pinballLoss(high, actual, 0.95);
      expect(intervalScore({ low, high, actual }, 0.9)).toBeCloseTo((2 / 0.1) * pinball, 6);
    }),
    { seed: testSeed() },
  );
});

it('averages absolute errors', () => {
  expect(meanAbsoluteError([1, 2], [0, 4])).toBe(1.5);
  expect(meanAbsoluteError([], [])).toBe(0);
});
