/**
 * Goal: BG/BB's fit and predictions are those of the literature, its gradient is the likelihood's, and simulated
 * cohorts are recovered. Method: the donations of Fader, Hardie and Shang (2010), likelihoods spelled out with
 * beta functions, differences, seeds.
 */
import { describe, expect, it, jest } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { describeWithData, testSeed } from '@kiki/testing';
import { readFileSync } from 'node:fs';
import { logBeta, logGamma } from '../numerics/gamma.js';
import { betaBinomialLogLikelihood, bgBbLogLikelihood } from './bg-bb-likelihood.js';
import { fitBgBb } from './discrete-fit.js';
import { DiscreteForecaster } from './discrete-forecast.js';
import { groupDiscrete, type DiscreteRow } from './discrete-rows.js';
import { simulateBgBb } from './simulate-discrete.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const row = (frequency: number, recency: number, opportunities: number, weight = 1) => ({
  ...{ frequency, recency, opportunities, weight },
});
const bgBb = (alpha: number, beta: number, gamma: number, delta: number) =>
  new DiscreteForecaster({ kind: 'bg_bb', parameters: { alpha, beta, gamma, delta } });

/** Fader, Hardie, Shang 2010: the likelihood as it is printed. */
function printed(
  [alpha, beta, gamma, delta]: number[],
  { frequency: x, recency, opportunities: n }: DiscreteRow,
) {
  const [a = 0, b = 0, c = 0, d = 0] = [alpha, beta, gamma, delta];
  const base = logBeta(a, b) + logBeta(c, d);
  let sum = Math.exp(logBeta(a + x, b + n - x) + logBeta(c, d + n) - base);
  for (let i = 0; i < n - recency; i++) {
    sum += Math.exp(logBeta(a + x, b + recency - x + i) + logBeta(c + 1, d + recency + i) - base);
  }
  return Math.log(sum);
}

const SOME = [
  row(0, 0, 6, 30),
  row(2, 4, 6, 11),
  row(2, 2, 6, 4),
  row(6, 6, 6, 7),
  row(3, 9, 40, 2),
  row(0, 0, 40, 5),
];

describe('the likelihood of BG/BB', () => {
  it.each([[[1.2, 0.75, 0.66, 2.78]], [[0.1, 3, 5, 0.2]], [[40, 90, 1e-3, 2]]])(
    'is the one in print at %p',
    (theta) => {
      const expected = SOME.reduce((sum, one) => sum + one.weight * printed(theta, one), 0);
      expect(bgBbLogLikelihood(theta, groupDiscrete(SOME))).toBeCloseTo(expected, 8);
    },
  );

  it('has the gradient that differences show', () => {
    const rows = groupDiscrete(SOME);
    for (const [at, names] of [
      [bgBbLogLikelihood, [1.3, 0.8, 0.6, 2.5]],
      [betaBinomialLogLikelihood, [1.3, 0.8]],
    ] as const) {
      const theta = Float64Array.from(names);
      const gradient = new Float64Array(theta.length);
      at(theta, rows, gradient);
      theta.forEach((value, i) => {
        const [up, down] = [theta.slice().fill(value + 1e-5, i, i + 1), theta.slice()];
        down[i] = value - 1e-5;
        expect(gradient[i]).toBeCloseTo((at(up, rows) - at(down, rows)) / 2e-5, 5);
      });
    }
  });

  it('neither overflows nor loses a customer of thousands of opportunities', () => {
    const rows = groupDiscrete([row(3, 10, 5000), row(4000, 5000, 5000)]);
    const gradient = new Float64Array(4);
    expect(bgBbLogLikelihood([1, 1, 1, 1], rows, gradient)).toBeLessThan(0);
    expect([...gradient].every(Number.isFinite)).toBe(true);
    expect(bgBb(1, 1, 1, 1).aliveProbability(row(50, 60, 5000))).toBeLessThan(1e-9);
  });
});

describe('predictions of BG/BB', () => {
  const model = bgBb(1.2035, 0.7497, 0.6567, 2.7834);

  it('expects what other implementations print of a newcomer', () => {
    const expected = [
      0.4985, 0.9233, 1.2969, 1.6323, 1.9381, 2.2202, 2.4826, 2.7285, 2.9603, 3.1798, 3.3887,
    ];
    expected.forEach((purchases, i) => {
      const ours = model.expectedNewPurchases(i + 1);
      expect(Math.abs(ours / purchases - 1)).toBeLessThan(1e-3);
    });
  });

  it('has probabilities that sum to one and to the expectation', () => {
    const all = Array.from({ length: 12 }, (_, x) => model.newPurchasesProbability(x, 11));
    expect(all.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    const mean = all.reduce((sum, p, x) => sum + p * x, 0);
    expect(mean).toBeCloseTo(model.expectedNewPurchases(11), 10);
    expect(model.newPurchasesProbability(12, 11)).toBe(0);
  });

  it('values what is still to come as BTYD does', () => {
    const other = bgBb(1.2, 0.75, 0.66, 2.78);
    expect(other.discountedResidual(row(3, 4, 6), 0.1)).toBeCloseTo(1.62138, 5);
    [1.802, 2.6212, 3.4403, 4.2594, 5.0785, 5.8976].forEach((dert, i) => {
      expect(other.discountedResidual(row(i + 1, 6, 6), 0.1)).toBeCloseTo(dert, 4);
    });
  });

  it('discounts as the sum over opportunities does', () => {
    let [sum, before] = [0, 0];
    for (let k = 1; k <= 2000; k++) {
      const until = model.expectedPurchases(row(3, 4, 6), k);
      sum += (until - before) / 1.05 ** k;
      before = until;
    }
    expect(model.discountedResidual(row(3, 4, 6), 0.05)).toBeCloseTo(sum, 9);
    expect(model.discountedResidual(row(3, 4, 6), 0)).toBe(Infinity);
    const mortal = bgBb(1, 1, 3, 1);
    expect(mortal.discountedResidual(row(3, 4, 6), 0)).toBeCloseTo(
      mortal.discountedResidual(row(3, 4, 6), 1e-9),
      6,
    );
    expect(() => model.discountedResidual(row(3, 4, 6), -0.1)).toThrow(/discountRate/);
  });

  it('is a beta-binomial without dropout', () => {
    const parameters = { alpha: 1, beta: 3 };
    const steady = new DiscreteForecaster({ kind: 'beta_binomial', parameters });
    expect(steady.aliveProbability(row(1, 1, 50), 9)).toBe(1);
    expect(steady.expectedPurchases(row(1, 1, 6), 5)).toBeCloseTo((5 * 2) / 10, 12);
    expect(steady.newPurchasesProbability(0, 1)).toBeCloseTo(0.75, 12);
    expect(steady.discountedResidual(row(1, 1, 6), 0.1)).toBeCloseTo(2, 12);
  });
});

describeWithData('ltv/donations.csv', 'donations of 11,104 people', (path) => {
  const lines = readFileSync(path, 'utf8').trim().split(/\r?\n/).slice(1);
  const rows = lines.map((line) => {
    const [x = 0, recency = 0, n = 0, weight = 0] = line.split(',').map(Number);
    return row(x, recency, n, weight);
  });
  const fit = fitBgBb(rows);
  const forecaster = new DiscreteForecaster(fit.model);

  it('fits the published optimum', () => {
    expect(fit).toMatchObject({ dropoutIdentified: true, warnings: [] });
    expect(fit.model.customers).toBe(11_104);
    expect(Math.abs(fit.model.logLikelihood + 33_225.58)).toBeLessThan(5e-3);
    const published = { alpha: 1.2035, beta: 0.7497, gamma: 0.6567, delta: 2.7834 };
    for (const [name, value] of Object.entries(published)) {
      expect(Math.abs((fit.model.parameters[name] ?? NaN) / value - 1)).toBeLessThan(1e-3);
      expect(fit.model.standardErrors?.[name]).toBeGreaterThan(0);
    }
  });

  it('predicts the five years of the holdout as others do', () => {
    const total = rows.reduce(
      (sum, one) => sum + one.weight * forecaster.expectedPurchases(one, 5),
      0,
    );
    expect(total).toBeCloseTo(12_884.157, 0);
    const alive = [row(0, 0, 6), row(2, 4, 6), row(6, 6, 6)];
    const printedAlive = alive.map((one) => forecaster.aliveProbability(one).toFixed(2));
    expect(printedAlive).toEqual(['0.11', '0.59', '0.93']);
    expect(forecaster.expectedPurchases(row(0, 0, 6), 10)).toBeCloseTo(0.1302, 4);
    expect(forecaster.expectedPurchases(row(4, 5, 6), 10)).toBeCloseTo(3.6279, 3);
    expect(forecaster.expectedNewPurchases(10)).toBeCloseTo(3.1798, 3);
  });
});

describe('fits of simulated cohorts', () => {
  it('are finite and within two standard errors nine times out of ten', () => {
    const truth = { alpha: 1.2, beta: 0.75, gamma: 0.65, delta: 2.8 };
    const random = new SeededRandom(testSeed());
    let [inside, all] = [0, 0];
    for (let k = 0; k < 40; k++) {
      const rows = simulateBgBb(truth, { customers: 2000, opportunities: 10 }, random);
      const { requested } = fitBgBb(rows);
      for (const [name, value] of Object.entries(truth)) {
        const [found, error] = [requested.parameters[name], requested.standardErrors?.[name]];
        expect(found).toBeGreaterThan(0);
        expect(error).toBeGreaterThan(0);
        all += 1;
        if (Math.abs((found ?? NaN) - value) <= 2 * (error ?? NaN)) inside += 1;
      }
    }
    expect(inside / all).toBeGreaterThanOrEqual(0.9);
  });

  it('say so when nobody drops out', () => {
    const random = new SeededRandom(testSeed());
    const immortal = { alpha: 1, beta: 2, gamma: 1e-6, delta: 1 };
    const fit = fitBgBb(simulateBgBb(immortal, { customers: 2000, opportunities: 8 }, random));
    expect(fit.dropoutIdentified).toBe(false);
    expect(fit.model.kind).toBe('beta_binomial');
    expect(fit.warnings.map(({ code }) => code)).toContain('dropout_not_identified');
    const { alpha = NaN, beta = NaN } = fit.model.parameters;
    expect(alpha / (alpha + beta)).toBeCloseTo(1 / 3, 1);
  });

  it('refuse what cannot be', () => {
    expect(() => fitBgBb([row(2, 1, 6, 100)])).toThrow(/x = 2, t_x = 1/);
    expect(() => fitBgBb([row(0, 0, 6, 100)])).toThrow(/0 with a purchase/);
    expect(logGamma(3)).toBeCloseTo(Math.log(2), 12);
  });
});
