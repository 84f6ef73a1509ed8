/**
 * Goal: variates have the distribution they are named after. Method: moments and shares of 20,000 seeded draws, within
 * five standard errors of the exact values.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import { digamma, logGamma } from './gamma.js';
import {
  betaVariate,
  exponentialVariate,
  gammaVariate,
  geometricVariate,
  logGammaVariate,
  normalVariate,
  orderStatistic,
  poissonVariate,
} from './sampling.js';

const DRAWS = 20_000;

/** z-scores of the mean of g(draw) against its expectation. */
function zScore(draw: (random: SeededRandom) => number, expected: number): number {
  const random = new SeededRandom(testSeed());
  let [sum, squares] = [0, 0];
  for (let i = 0; i < DRAWS; i++) {
    const value = draw(random);
    sum += value;
    squares += value * value;
  }
  const mean = sum / DRAWS;
  const error = Math.sqrt(Math.max(1e-300, squares / DRAWS - mean * mean) / DRAWS);
  return Math.abs(mean - expected) / error;
}

describe('sampling', () => {
  it('normal', () => {
    expect(zScore((random) => normalVariate(random), 0)).toBeLessThan(5);
    expect(zScore((random) => normalVariate(random) ** 2, 1)).toBeLessThan(5);
    expect(zScore((random) => normalVariate(random) ** 4, 3)).toBeLessThan(5);
  });

  it('exponential', () => {
    expect(zScore((random) => exponentialVariate(random, 4), 0.25)).toBeLessThan(5);
    const isLate = (random: SeededRandom): number => Number(exponentialVariate(random, 4) > 0.5);
    expect(zScore(isLate, Math.exp(-2))).toBeLessThan(5);
  });

  it.each([0.01, 0.25, 0.9, 1, 3.7, 250])('gamma of shape %d', (shape) => {
    expect(zScore((random) => gammaVariate(random, shape, 2), shape / 2)).toBeLessThan(5);
    const square = (shape * (shape + 1)) / 4;
    expect(zScore((random) => gammaVariate(random, shape, 2) ** 2, square)).toBeLessThan(5);
    expect(zScore((random) => logGammaVariate(random, shape), digamma(shape))).toBeLessThan(5);
  });

  it.each([
    [0.3, 0.7],
    [1, 1],
    [0.01, 5],
    [40, 3],
  ])('beta(%d, %d)', (a, b) => {
    const mean = a / (a + b);
    expect(zScore((random) => betaVariate(random, a, b), mean)).toBeLessThan(5);
    const square = (mean * (a + 1)) / (a + b + 1);
    expect(zScore((random) => betaVariate(random, a, b) ** 2, square)).toBeLessThan(5);
  });

  it.each([1e-3, 0.3, 9.9, 10.1, 35, 4000])('Poisson of mean %d', (mean) => {
    const draw = (random: SeededRandom): number => poissonVariate(random, mean);
    expect(zScore(draw, mean)).toBeLessThan(5);
    expect(zScore((random) => (draw(random) - mean) ** 2, mean)).toBeLessThan(5);
    expect(zScore((random) => (draw(random) - mean) ** 3, mean)).toBeLessThan(5);
    const mode = Math.floor(mean);
    const share = Math.exp(mode * Math.log(mean) - mean - logGamma(mode + 1));
    expect(zScore((random) => Number(draw(random) === mode), share)).toBeLessThan(5);
  });

  it.each([0.02, 0.5, 0.97, 1])('geometric of chance %d', (p) => {
    const draw = (random: SeededRandom): number => geometricVariate(random, p);
    expect(zScore(draw, 1 / p)).toBeLessThan(5);
    expect(zScore((random) => Number(draw(random) === 1), p)).toBeLessThan(5);
  });

  it('order statistics of uniform times', () => {
    for (const [k, n] of [
      [1, 1],
      [5, 5],
      [2, 7],
      [1, 300],
    ] as const) {
      expect(zScore((random) => orderStatistic(random, k, n), k / (n + 1))).toBeLessThan(5);
    }
  });

  it('knows the ends: nothing at mean 0, never at chance 0', () => {
    const random = new SeededRandom(1);
    expect(poissonVariate(random, 0)).toBe(0);
    expect(geometricVariate(random, 0)).toBe(Infinity);
    expect(gammaVariate(random, 1e-5, 1)).toBeGreaterThanOrEqual(0);
  });
});
