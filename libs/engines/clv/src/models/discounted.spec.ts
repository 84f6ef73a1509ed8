/**
 * Goal: the discounted residual of each model is right. Method: the value that BTYD's inputs give, 30-digit values of
 * mpmath, and the limit of long horizons.
 */
import { describe, expect, it } from '@jest/globals';
import { DAYS_PER_YEAR, PurchaseForecaster } from '../forecast.js';
import { scaledExponentialIntegral } from '../numerics/exponential-integral.js';
import type { PurchaseModel } from '../purchase-fit.js';
import type { PurchaseModelKind } from './purchase-kind.js';

/** s, z, e^z E_s(z). */
const EXPONENTIAL = [
  [0.4, 0.24, 2.5157579179531003],
  [0.0001, 0.01, 99.959223898553252],
  [1, 1, 0.59634736232319407],
  [3.5, 0.001, 0.39973383781085],
  [2, 30, 0.031307837230596244],
  [1000, 0.5, 0.0010004997488735633],
  [0.6, 5000, 0.00019997600767600927],
  [1, 1e-7, 15.540881640144871],
] as const;

/** x, t_x, T and the residual of BG/NBD and MBG/NBD at (.243, 4.414, .793, 2.426), δ = .0027 a week. */
const RESIDUALS = [
  [0, 0, 39, 1.0135475127006, 0.714546039040415],
  [2, 30.43, 38.86, 5.15637982615404, 5.97485366851836],
  [26, 30.857, 31, 70.9015618133397, 72.2335572141458],
  [7, 35, 77.86, 0.676515736735273, 0.783200238658589],
] as const;

/** A yearly rate that is δ = .0027 a week. */
const RATE = Math.expm1((0.0027 * DAYS_PER_YEAR) / 7);

function forecaster(kind: PurchaseModelKind, parameters: Record<string, number>) {
  const model = { kind, timeUnit: 'week', parameters, parameterNames: Object.keys(parameters) };
  return new PurchaseForecaster(model as unknown as PurchaseModel);
}

const geometric = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
const pareto = { r: 0.5629966, alpha: 12.559037, s: 0.4081095, beta: 10.5148048 };

describe('discounted residual', () => {
  it.each(EXPONENTIAL)('e^z E_s(z) at s = %d, z = %d', (s, z, expected) => {
    expect(Math.abs(scaledExponentialIntegral(s, z) / expected - 1)).toBeLessThan(1e-12);
  });

  it('is what BTYD gives for Pareto/NBD', () => {
    const row = { frequency: 7, recency: 35, age: 77.86 };
    expect(forecaster('pareto_nbd', pareto).discountedResidual(row, RATE)).toBeCloseTo(1.86418, 5);
  });

  it.each(RESIDUALS)(
    'of BG/NBD and MBG/NBD at x = %d, t_x = %d, T = %d',
    (frequency, recency, age, bg, mbg) => {
      const row = { frequency, recency, age };
      const [ours, modified] = (['bg_nbd', 'mbg_nbd'] as const).map((kind) =>
        forecaster(kind, geometric).discountedResidual(row, RATE),
      );
      expect(Math.abs((ours ?? NaN) / bg - 1)).toBeLessThan(1e-9);
      expect(Math.abs((modified ?? NaN) / mbg - 1)).toBeLessThan(1e-9);
    },
  );

  it.each([
    ['nbd', { r: 0.7, alpha: 9 }],
    ['bg_nbd', geometric],
    ['mbg_nbd', geometric],
    ['pareto_nbd', pareto],
  ] as const)('of %s is the limit of long horizons', (kind, parameters) => {
    const model = forecaster(kind, parameters);
    for (const row of [
      { frequency: 0, recency: 0, age: 39 },
      { frequency: 5, recency: 30, age: 39 },
    ]) {
      const options = { horizonDays: 7 * 20_000, annualDiscountRate: RATE };
      const { expectedPurchases, discountFactor } = model.forecast(row, options);
      const residual = model.discountedResidual(row, RATE);
      expect(Math.abs((expectedPurchases * discountFactor) / residual - 1)).toBeLessThan(1e-9);
    }
  });

  it('needs a rate of discount', () => {
    const row = { frequency: 1, recency: 3, age: 9 };
    for (const rate of [0, -0.1, NaN]) {
      expect(() => forecaster('bg_nbd', geometric).discountedResidual(row, rate)).toThrow(
        expect.objectContaining({ code: 'clv_parameter_invalid' }),
      );
    }
  });
});
