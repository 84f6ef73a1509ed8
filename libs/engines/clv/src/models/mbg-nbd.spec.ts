/**
 * Goal: MBG/NBD's formulas are right and its fits find the known optima. Method: values of mpmath with 40 digits, values
 * that pymc-marketing asserts, fits of CDNOW.
 */
import { describe, expect, it, jest } from '@jest/globals';
import { describeWithData } from '@kiki/testing';
import { readFileSync } from 'node:fs';
import { CALIBRATION_END, cdnowHistory } from '../order-logs.fixture.js';
import { fitPurchases } from '../purchase-fit.js';
import { groupRows, tableOf } from '../statistics.js';
import { purchaseKind } from './index.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const mbg = purchaseKind('mbg_nbd');
const CDNOW = [0.525, 6.183, 0.891, 1.614];

/** x, t_x, T, t, log-likelihood, P(alive), purchases if alive, survival if alive. */
const EXACT = [
  [0, 0, 39, 39, -0.540472121222501985, 0.389347648663597204, 0.394093682022527, 0.908182883041319],
  [
    2, 30.43, 38.86, 39, -9.48555131453393154, 0.706202265118487276, 1.78838370485185,
    0.751661021167024,
  ],
  [
    26, 30.857, 31, 52, -38.3220528979712459, 0.965494646754890331, 24.8599466414377,
    0.484612299556485,
  ],
  [
    200, 38, 40, 10, 91.7655593606266459, 0.0305960686927881747, 39.7580535064426,
    0.841717372541335,
  ],
  [
    1, 0.2, 0.5, 5000, -3.00604750627061373, 0.732285837724157217, 27.1024835466008,
    0.0128427951521967,
  ],
] as const;

function logLikelihoodOf(kind: 'bg_nbd' | 'mbg_nbd', row: readonly [number, number, number]) {
  const [frequency, recency, age] = row;
  const customer = { customerId: 'a', spendMeanMicros: 0, frequency, recency, age };
  const rows = groupRows(tableOf([customer], 'week'));
  return (theta: readonly number[]): number => purchaseKind(kind).logLikelihood(theta, rows);
}

describe('MBG/NBD', () => {
  it.each(EXACT)(
    'x = %d, t_x = %d, T = %d, t = %d agrees with 40 digits',
    (frequency, recency, age, t, ll, alive, purchases, survival) => {
      const row = { frequency, recency, age };
      const value = logLikelihoodOf('mbg_nbd', [frequency, recency, age])(CDNOW);
      expect(Math.abs(value / ll - 1)).toBeLessThan(1e-12);
      expect(Math.abs(mbg.pAlive(CDNOW, row) / alive - 1)).toBeLessThan(1e-12);
      expect(Math.abs(mbg.purchasesIfAlive(CDNOW, row, t) / purchases - 1)).toBeLessThan(1e-11);
      expect(Math.abs(mbg.survivalIfAlive(CDNOW, row, t) / survival - 1)).toBeLessThan(1e-11);
    },
  );

  it('has the log-likelihoods that pymc-marketing asserts, as BG/NBD has', () => {
    const theta = [0.25, 4, 0.8, 2.5];
    expect(logLikelihoodOf('mbg_nbd', [0, 0, 40])(theta)).toBeCloseTo(-0.41792826, 7);
    expect(logLikelihoodOf('mbg_nbd', [200, 38, 40])(theta)).toBeCloseTo(100.7869, 4);
    expect(logLikelihoodOf('bg_nbd', [0, 0, 40])(theta)).toBeCloseTo(-0.59947382, 7);
    expect(logLikelihoodOf('bg_nbd', [200, 38, 40])(theta)).toBeCloseTo(100.7957, 4);
  });

  it('has a pmf that sums to one and has the expectation as its mean', () => {
    let [sum, mean] = [0, 0];
    for (let n = 0; n < 3000; n++) {
      const p = mbg.pmf(CDNOW, n, 20);
      sum += p;
      mean += n * p;
    }
    expect(sum).toBeCloseTo(1, 9);
    expect(mean).toBeCloseTo(mbg.expectedPurchases(CDNOW, 20), 6);
  });

  it('lets a one-time buyer be gone', () => {
    const alive = mbg.pAlive(CDNOW, { frequency: 0, recency: 0, age: 1000 });
    expect(alive).toBeLessThan(0.2);
  });
});

const OPTIMA = [
  ['ltv/CDNOW_sample.txt', -9582.1357, { r: 0.525, alpha: 6.183, a: 0.891, b: 1.614 }, 1e-3],
  [
    'ltv/CDNOW_master.txt',
    -95_336.958,
    { r: 0.63714, alpha: 7.31029, a: 0.80747, b: 1.22839 },
    1e-4,
  ],
] as const;

for (const [file, logLikelihood, optimum, share] of OPTIMA) {
  describeWithData(file, `MBG/NBD on ${file}`, (path) => {
    it('finds the optimum', () => {
      const table = cdnowHistory(readFileSync(path, 'utf8')).table(CALIBRATION_END, 'week');
      const fit = fitPurchases(table, 'mbg_nbd');
      expect(fit).toMatchObject({ dropoutIdentified: true, warnings: [] });
      expect(Math.abs(fit.model.logLikelihood - logLikelihood)).toBeLessThan(1e-3);
      for (const [name, value] of Object.entries(optimum)) {
        expect(Math.abs((fit.model.parameters[name] ?? NaN) / value - 1)).toBeLessThan(share);
      }
    });
  });
}
