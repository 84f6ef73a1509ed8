/**
 * Goal: the spend model is stable at its edges. Method: small tables made for each edge, a simulated
 * recovery, differences.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { gammaGammaLogLikelihood } from './gamma-gamma.js';
import { normalVariate } from './numerics/sampling.js';
import { expectedSpendMicros, fitSpend } from './spend-model.js';
import { tableOf } from './statistics.js';

function tableWith(rows: readonly (readonly [frequency: number, spend: number])[]) {
  return tableOf(
    rows.map(([frequency, spend], i) => ({
      customerId: String(i),
      frequency,
      recency: frequency === 0 ? 0 : 5,
      age: 10,
      spendMeanMicros: spend * 1e6,
    })),
    'week',
  );
}

/** Gamma(shape, 1) by Marsaglia and Tsang. */
function gammaDraw(random: SeededRandom, shape: number): number {
  const d = shape - 1 / 3;
  for (;;) {
    const [u, v] = [random.nextDouble(), random.nextDouble()];
    const normal = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    const cube = (1 + normal / Math.sqrt(9 * d)) ** 3;
    const accept = 0.5 * normal * normal + d - d * cube + d * Math.log(cube);
    if (cube > 0 && Math.log(random.nextDouble()) < accept) return d * cube;
  }
}

describe('fitSpend', () => {
  it('recovers what it was simulated from, in any unit of money', () => {
    const random = new SeededRandom(7);
    const rows = Array.from({ length: 6000 }, (_, i): [number, number] => {
      const frequency = 1 + (i % 5);
      const rate = gammaDraw(random, 4) / 20;
      return [frequency, gammaDraw(random, 5 * frequency) / (rate * frequency)];
    });
    const { model } = fitSpend(tableWith(rows));
    const { p = 0, q = 0, v = 0 } = model.parameters;
    const errors = model.standardErrors ?? {};
    expect(Math.abs(p - 5)).toBeLessThan(3 * (errors['p'] ?? 0));
    expect(Math.abs(q - 4)).toBeLessThan(3 * (errors['q'] ?? 0));
    expect(Math.abs(v - 20)).toBeLessThan(3 * (errors['v'] ?? 0));
    const [pp = NaN, , qq = NaN, , , vv = NaN] = model.logCovariance ?? [];
    expect(Math.sqrt(pp) * p).toBeCloseTo(errors['p'] ?? 0, 5);
    expect(Math.sqrt(qq) * q).toBeCloseTo(errors['q'] ?? 0, 5);
    expect(Math.sqrt(vv) * v).toBeCloseTo(errors['v'] ?? 0, 4);
    const cents = fitSpend(tableWith(rows.map(([x, z]) => [x, z * 100]))).model;
    expect(cents.parameters['v']).toBeCloseTo(v * 100, 2);
    expect(cents.populationMeanMicros / 100).toBeCloseTo(model.populationMeanMicros, 0);
  });

  it('has the gradient that differences have', () => {
    const rows = { frequency: Float64Array.of(1, 3, 8), spend: Float64Array.of(0.4, 1.1, 2.5) };
    const theta = [5, 3, 0.7];
    const gradient = new Float64Array(3);
    gammaGammaLogLikelihood(theta, rows, gradient);
    theta.forEach((value, i) => {
      const moved = (by: number): number =>
        gammaGammaLogLikelihood(
          theta.map((other, j) => (i === j ? other + by : other)),
          rows,
        );
      const step = 1e-6 * value;
      expect(gradient[i]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 6);
    });
  });

  it('uses the mean, and says so, with too few repeat customers', () => {
    const few = fitSpend(
      tableWith([
        [1, 10],
        [2, 20],
        [0, 0],
      ]),
    );
    expect(few.model).toMatchObject({ kind: 'mean', populationMeanMicros: 15e6 });
    expect(few.warnings.map(({ code }) => code)).toEqual(['spend_not_enough_data']);
    const none = fitSpend(tableWith([[0, 0]]));
    expect(none.model.populationMeanMicros).toBe(0);
  });

  it('holds the mean at the customers’, and says so, where the tail is so heavy that none exists', () => {
    const rows = Array.from({ length: 400 }, (_, i): [number, number] => [
      30,
      1.03 ** (i - 200) * 10,
    ]);
    const { model, warnings } = fitSpend(tableWith(rows));
    expect(warnings.map(({ code }) => code)).toContain('spend_shape_at_most_one');
    const mean = rows.reduce((sum, [, spend]) => sum + spend, 0) / rows.length;
    expect(model.populationMeanMicros / 1e6).toBeCloseTo(mean, 6);
    expect(expectedSpendMicros(model, 5, 1e6)).toBeGreaterThan(0);
  });

  it('invents no spend where there are a few fixed prices, and keeps what each customer pays', () => {
    const prices = fc.constantFrom([9.99, 99.99], [10, 100, 1000], [5, 20, 50], [1, 400]);
    const noises = fc.constantFrom(0, 0.05, 0.2);
    fc.assert(
      fc.property(prices, noises, fc.nat(1000), (of, noise, seed) => {
        const random = new SeededRandom(seed);
        const rows = Array.from({ length: 150 }, (): [number, number] => {
          const [frequency, price] = [1 + random.nextInt(5), of[random.nextInt(of.length)] ?? 0];
          let spent = 0;
          for (let k = 0; k < frequency; k++)
            spent += price * Math.exp(noise * normalVariate(random));
          return [frequency, spent / frequency];
        });
        const { model, warnings } = fitSpend(tableWith(rows));
        const mean = rows.reduce((sum, [, spend]) => sum + spend, 0) / rows.length;
        const ratio = model.populationMeanMicros / 1e6 / mean;
        expect(ratio).toBeGreaterThan(1 / 1.5);
        expect(ratio).toBeLessThan(1.5);
        const isHeld = warnings.some(({ code }) => code.startsWith('spend_'));
        if (isHeld) expect(ratio).toBeCloseTo(1, 9);
        const { p = NaN, q = NaN, v = NaN } = model.parameters;
        expect((p * v) / (q - 1) / (model.populationMeanMicros / 1e6)).toBeCloseTo(1, 9);
        const expected = of.map((price) => expectedSpendMicros(model, 5, price * 1e6) / 1e6);
        expect([...expected].sort((a, b) => a - b)).toEqual(expected);
        expect(expected.at(-1)).toBeLessThan(Math.max(...of) * 1.01);
      }),
      { numRuns: 6, seed: testSeed() },
    );
  });

  it('pulls a customer from the population towards their own mean as purchases grow', () => {
    const model = fitSpend(
      tableWith(Array.from({ length: 50 }, (_, i) => [1 + (i % 4), 20 + ((i * 13) % 17)] as const)),
    ).model;
    const own = 100e6;
    const expected = [1, 5, 50, 5000].map((x) => expectedSpendMicros(model, x, own));
    expect([...expected].sort((a, b) => a - b)).toEqual(expected);
    expect(expected.at(-1)).toBeCloseTo(own, -6);
    expect(expectedSpendMicros(model, 0, undefined)).toBe(model.populationMeanMicros);
    expect(expectedSpendMicros(model, 3, undefined)).toBe(model.populationMeanMicros);
  });
});
