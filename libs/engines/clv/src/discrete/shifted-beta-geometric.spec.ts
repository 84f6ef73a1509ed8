/**
 * Goal: the shifted-beta-geometric fits and projects what Fader and Hardie (2007) print. Method: their two cohorts
 * of 1,000, sums spelled out, differences, seeds.
 */
import { describe, expect, it, jest } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import {
  fitSubscriptions,
  subscriptionLogLikelihood,
  SubscriptionForecaster,
} from './shifted-beta-geometric.js';
import { simulateSubscriptions } from './simulate-discrete.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241];
const HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491];

describe('the shifted-beta-geometric', () => {
  it.each([
    ['Regular', REGULAR, -1680.265, { alpha: 0.7041, beta: 1.182 }],
    ['High-end', HIGH_END, -1611.158, { alpha: 0.6681, beta: 3.8061 }],
  ] as const)('fits %s', (_name, survivors, logLikelihood, published) => {
    const { model, warnings } = fitSubscriptions([survivors]);
    expect(warnings).toEqual([]);
    expect(Math.abs(model.logLikelihood - logLikelihood)).toBeLessThan(1e-3);
    for (const [name, value] of Object.entries(published)) {
      expect(Math.abs((model.parameters[name] ?? NaN) / value - 1)).toBeLessThan(1e-4);
      expect(model.standardErrors?.[name]).toBeGreaterThan(0);
    }
  });

  it('has the gradient that differences show, over cohorts of different age', () => {
    const cohorts = [REGULAR, HIGH_END.slice(0, 4)];
    const gradient = new Float64Array(2);
    subscriptionLogLikelihood([0.8, 2], cohorts, gradient);
    const at = (a: number, b: number): number => subscriptionLogLikelihood([a, b], cohorts);
    expect(gradient[0]).toBeCloseTo((at(0.8 + 1e-5, 2) - at(0.8 - 1e-5, 2)) / 2e-5, 4);
    expect(gradient[1]).toBeCloseTo((at(0.8, 2 + 1e-5) - at(0.8, 2 - 1e-5)) / 2e-5, 4);
  });

  it('has a survival curve that is the product of its retention rates', () => {
    const curve = new SubscriptionForecaster({ parameters: { alpha: 0.7041, beta: 1.182 } });
    let product = 1;
    for (let t = 1; t <= 12; t++) {
      product *= curve.retention(t);
      expect(curve.survival(t)).toBeCloseTo(product, 12);
      expect(curve.retention(t + 1)).toBeGreaterThan(curve.retention(t));
    }
    expect(curve.survival(0)).toBe(1);
    expect(curve.survival(1)).toBeCloseTo(0.627, 3);
  });

  it('sums lifetimes as spelled out', () => {
    const curve = new SubscriptionForecaster({ parameters: { alpha: 3, beta: 5 } });
    let [sum, discounted] = [0, 0];
    for (let k = 1; k < 3000; k++) {
      const staying = curve.survival(4 + k) / curve.survival(4);
      sum += staying;
      discounted += staying / 1.1 ** (k - 1);
    }
    expect(curve.expectedResidualLifetime(4)).toBeCloseTo(sum, 3);
    expect(curve.expectedRenewals(4, 2999)).toBeCloseTo(sum, 8);
    expect(curve.discountedResidualLifetime(4, 0.1)).toBeCloseTo(discounted, 10);
    expect(curve.discountedResidualLifetime(4, 0)).toBeCloseTo(4.5, 12);
    const lasting = new SubscriptionForecaster({ parameters: { alpha: 0.7, beta: 1.2 } });
    expect(lasting.expectedResidualLifetime(0)).toBe(Infinity);
    expect(Number.isFinite(lasting.discountedResidualLifetime(0, 1e-6))).toBe(true);
    expect(() => lasting.discountedResidualLifetime(0, NaN)).toThrow(/discountRate/);
  });

  it('recovers simulated cohorts within two standard errors nine times out of ten', () => {
    const truth = { alpha: 0.9, beta: 2.5 };
    const random = new SeededRandom(testSeed());
    let inside = 0;
    for (let k = 0; k < 100; k++) {
      const cohort = { customers: 2000, opportunities: 12 };
      const { model } = fitSubscriptions([simulateSubscriptions(truth, cohort, random)]);
      for (const [name, value] of Object.entries(truth)) {
        const [found = NaN, error = NaN] = [model.parameters[name], model.standardErrors?.[name]];
        expect(Number.isFinite(found) && Number.isFinite(error)).toBe(true);
        if (Math.abs(found - value) <= 2 * error) inside += 1;
      }
    }
    expect(inside / 200).toBeGreaterThanOrEqual(0.9);
  });

  it('says when everybody is alike', () => {
    const geometric = Array.from({ length: 9 }, (_, t) => 1e6 * 0.8 ** t);
    const { model, warnings } = fitSubscriptions([geometric]);
    expect(warnings.map(({ code }) => code)).toContain('parameter_at_boundary');
    const { alpha = NaN, beta = NaN } = model.parameters;
    expect(alpha / (alpha + beta)).toBeCloseTo(0.2, 3);
  });

  it('refuses counts that rise, and a cohort nobody left', () => {
    expect(() => fitSubscriptions([[100, 101]])).toThrow(/never rise/);
    expect(() => fitSubscriptions([[100]])).toThrow(/at least two counts/);
    expect(() => fitSubscriptions([[100, 100, 100]])).toThrow(/0 left/);
  });
});
