/**
 * Goal: the spend model is stable at its edges. Method: small tables made for each edge, a simulated
 * recovery, differences.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { expectedSpendMicros, fitSpend, gammaGammaLogLikelihood } from './spend-model.js';
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

  it('uses the mean, and says so, where the tail is so heavy that no mean exists', () => {
    const rows = Array.from({ length: 400 }, (_, i): [number, number] => [
      30,
      1.03 ** (i - 200) * 10,
    ]);
    const { model, warnings } = fitSpend(tableWith(rows));
    expect(warnings.map(({ code }) => code)).toContain('spend_shape_at_most_one');
    expect(model.kind).toBe('mean');
    expect(expectedSpendMicros(model, 5, 1e6)).toBeGreaterThan(0);
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
