/**
 * Goal: customers whose rates change are told from those who keep to theirs, and only then intervals of the busiest
 * widen. Method: earlier origins drawn from the mixture with a known dispersion; the shape that follows.
 */
import { expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { gammaVariate, poissonVariate } from '../numerics/sampling.js';
import { dispersedShape, learnDispersion, type DispersedOrigin } from './dispersion.js';

const STACKING = { weights: [0.5, 0.5], slope: 1 };

/** Customers of BG/NBD's kind, alive by ⅘, with rates of their past times a gamma factor. */
function origin(seed: number, dispersion: number, customers = 3000): DispersedOrigin {
  const random = new SeededRandom(seed);
  const frequency = Float64Array.from({ length: customers }, () => random.nextInt(25));
  const mean = frequency.map((x) => (0.5 + x) / 6);
  const actual = frequency.map((x, i) => {
    if (random.nextDouble() >= 0.8) return 0;
    const factor = dispersion > 0 ? gammaVariate(random, 1 / dispersion, 1 / dispersion) : 1;
    const rate = gammaVariate(random, 0.5 + x, (0.5 + x) / (mean[i] ?? 1));
    return poissonVariate(random, rate * factor);
  });
  const logExpected = mean.map((value) => Math.log(0.8 * value));
  const alive = frequency.map(() => 0.8);
  const rates = { frequency, alive: [alive, alive], shapes: [0.5, 0.5] };
  return { logExpected: [logExpected, logExpected], actual, rates };
}

it('finds the dispersion that origins were drawn with', () => {
  for (const dispersion of [0, 0.15, 0.4]) {
    const origins = [origin(testSeed(), dispersion), origin(testSeed() + 1, dispersion)];
    expect(Math.abs(learnDispersion(origins, STACKING) - dispersion)).toBeLessThan(0.04);
  }
});

it('takes what is usual where there is next to nothing to see', () => {
  const usual = learnDispersion([], STACKING);
  expect(usual).toBeGreaterThan(0.1);
  expect(usual).toBeLessThan(0.2);
  expect(learnDispersion([origin(testSeed(), 0, 0)], STACKING)).toBe(usual);
});

it('widens the rates of the busiest most, and none where there is no dispersion', () => {
  const shape = fc.double({ min: 0.1, max: 5000, noNaN: true });
  fc.assert(
    fc.property(shape, fc.double({ min: 0, max: 1, noNaN: true }), (known, dispersion) => {
      const wide = dispersedShape(known, dispersion);
      expect(1 / wide - 1 / known).toBeCloseTo(dispersion, 9);
      expect(dispersedShape(known, 0)).toBeCloseTo(known, 9);
    }),
    { seed: testSeed() },
  );
});
