/**
 * Goal: answers of imported nets are judged as their makers judge them. Method: the labels and logits of the
 * reference's own test; the mean by integrating the distribution; the loss is least for the truth.
 */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { testSeed } from '@kiki/testing';
import { integrate } from './numerics/gauss-legendre.js';
import { zilnLoss, zilnMean, type ZilnLogits } from './ziln.js';

const moderate = fc.double({ min: -4, max: 4, noNaN: true });
const logits = fc.tuple(moderate, moderate, moderate);

it.each<[number, ZilnLogits, number, number]>([
  [0, [0.1, 0.2, 0.3], 0.744397, 0.923638],
  [1.5, [0.4, 0.5, 0.6], 1.878373, 1.690755],
])('label %d, logits %p', (label, answer, loss, mean) => {
  expect(zilnLoss(label, answer)).toBeCloseTo(loss, 6);
  expect(zilnMean(answer)).toBeCloseTo(mean, 6);
});

it('is minus the log of a distribution that adds up to one and has the mean', () => {
  const moderateScale = fc.double({ min: -2, max: 2, noNaN: true });
  fc.assert(
    fc.property(moderate, moderate, moderateScale, (any, location, scale) => {
      const answer: ZilnLogits = [any, location, scale];
      const nothing = Math.exp(-zilnLoss(0, answer));
      const over = (power: number): number =>
        integrate((u) => Math.exp((1 + power) * u - zilnLoss(Math.exp(u), answer)), -40, 50, 600);
      expect(nothing + over(0)).toBeCloseTo(1, 9);
      expect(over(1) / zilnMean(answer)).toBeCloseTo(1, 9);
    }),
    { numRuns: 50, seed: testSeed() },
  );
});

it('stays finite for answers that are sure of the wrong thing', () => {
  const wild = fc.double({ min: -1e3, max: 1e3, noNaN: true });
  fc.assert(
    fc.property(
      fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1e12, noNaN: true })),
      wild,
      wild,
      wild,
      (label, ...answer) => {
        expect(Number.isFinite(zilnLoss(label, answer))).toBe(true);
      },
    ),
    { seed: testSeed() },
  );
});

it('refuses what is no answer and no label', () => {
  const refusal = expect.objectContaining({ code: 'clv_parameter_invalid' });
  fc.assert(
    fc.property(logits, (answer) => {
      for (const label of [-1, NaN, Infinity])
        expect(() => zilnLoss(label, answer)).toThrow(refusal);
    }),
    { numRuns: 5, seed: testSeed() },
  );
  expect(() => zilnMean([0, NaN, 1])).toThrow(refusal);
  expect(() => zilnMean([0, 1] as unknown as ZilnLogits)).toThrow(refusal);
});
