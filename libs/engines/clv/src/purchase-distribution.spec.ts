/**
 * Goal: quantiles of one customer's purchases are those of the fitted model, with the uncertainty of its parameters.
 * Method: customers drawn from their posterior, with parameters drawn from the fit's normal approximation.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { simulateMarket } from './ensemble/market.fixture.js';
import type { Observed } from './models/purchase-kind.js';
import { cholesky } from './numerics/covariance.js';
import { normalVariate } from './numerics/sampling.js';
import { PurchaseForecaster } from './forecast.js';
import { PurchaseDistribution } from './purchase-distribution.js';
import { fitPurchases, type PurchaseModel } from './purchase-fit.js';
import { PurchaseHistory } from './purchase-history.js';
import { PosteriorCustomer } from './simulation/posterior-customer.js';

const KINDS = ['nbd', 'bg_nbd', 'mbg_nbd', 'pareto_nbd'] as const;
const DRAWS = 4000;
const CUSTOMERS: readonly Observed[] = [
  { frequency: 0, recency: 0, age: 0 },
  { frequency: 3, recency: 20, age: 30 },
  { frequency: 12, recency: 29, age: 30 },
];

const history = new PurchaseHistory();
const market = { customers: 400, days: 330, arrivalDays: 60, seed: testSeed() };
for (const { customerId, days } of simulateMarket(market)) {
  for (const day of days) history.addDay(customerId, day, 1e6);
}
const table = history.table(239, 'week');

/** Parameters of log-normal errors with the covariance of the fit. */
function drawnModel(model: PurchaseModel, random: SeededRandom): PurchaseModel {
  const theta = model.parameterNames.map((name) => model.parameters[name] ?? NaN);
  const covariance = (model.covariance ?? []).map((row, i) =>
    row.map((value, j) => value / ((theta[i] ?? NaN) * (theta[j] ?? NaN))),
  );
  const root = cholesky(covariance) ?? [];
  const z = theta.map(() => normalVariate(random));
  const parameters = Object.fromEntries(
    model.parameterNames.map((name, i) => {
      const error = (root[i] ?? []).reduce((sum, value, j) => sum + value * (z[j] ?? 0), 0);
      return [name, (theta[i] ?? NaN) * Math.exp(error)];
    }),
  );
  return { ...model, parameters };
}

describe.each(KINDS)('%s', (kind) => {
  const { model } = fitPurchases(table, kind);
  const weeks = 26;
  const distribution = new PurchaseDistribution(model, weeks * 7);

  it.each(CUSTOMERS)('agrees with drawn futures of %p', (row) => {
    const random = new SeededRandom(testSeed());
    const drawn = Array.from({ length: DRAWS }, () =>
      new PosteriorCustomer(drawnModel(model, random), row).drawPurchases(weeks, random),
    );
    const below = distribution.below(row);
    // Kolmogorov's distance of so many draws stays below 1.95/√n 999 times in 1000; the rest is the mixture's own error.
    below.forEach((value, n) => {
      const share = drawn.filter((count) => count <= n).length / DRAWS;
      expect(Math.abs(value - share)).toBeLessThan(1.95 / Math.sqrt(DRAWS) + 0.03);
    });
  });

  it('is a distribution with the mean of the forecast, of any customer', () => {
    const forecaster = new PurchaseForecaster(model);
    const customers = fc.record({
      frequency: fc.nat(60),
      r: fc.double({ min: 0.1, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(customers, ({ frequency, r }) => {
        const row = { frequency, recency: frequency === 0 ? 0 : r * 30, age: 30 };
        const below = distribution.below(row);
        expect(below.at(-1)).toBeGreaterThan(1 - 1e-6);
        below.forEach((value, n) =>
          expect(value).toBeGreaterThanOrEqual((below[n - 1] ?? 0) - 1e-12),
        );
        const mean = below.reduce((sum, value) => sum + 1 - value, 0);
        const expected = forecaster.expectedPurchases(row, weeks);
        expect(Math.abs(mean - expected)).toBeLessThan(0.02 * expected + 1e-4);
      }),
      { numRuns: 30, seed: testSeed() },
    );
  });

  it('knows the busiest for ten years ahead', () => {
    const years = new PurchaseDistribution(model, 3652.5);
    const forecaster = new PurchaseForecaster(model);
    const busy = fc.record({
      frequency: fc.integer({ min: 200, max: 1000 }),
      idle: fc.double({ min: 0, max: 0.01, noNaN: true }),
    });
    fc.assert(
      fc.property(busy, ({ frequency, idle }) => {
        const age = frequency / 7;
        const below = years.below({ frequency, recency: age * (1 - idle), age });
        const mean = below.reduce((sum, value) => sum + 1 - value, 0);
        const row = { frequency, recency: age * (1 - idle), age };
        const expected = forecaster.expectedPurchases(row, 3652.5 / 7);
        // The deviation of the parameters moves the mean of who may leave a little.
        expect(Math.abs(mean / expected - 1)).toBeLessThan(0.05);
      }),
      { numRuns: 8, seed: testSeed() },
    );
  });
});

it('widens with the uncertainty of the parameters', () => {
  const { model } = fitPurchases(table, 'bg_nbd');
  const row = { frequency: 12, recency: 20, age: 30 };
  const tailOf = (one: PurchaseModel): number =>
    1 - (new PurchaseDistribution(one, 182).below(row)[15] ?? 1);
  const covariance = model.covariance?.map((values) => values.map((value) => 25 * value)) ?? null;
  const [sure, fitted, unsure] = [{ ...model, covariance: null }, model, { ...model, covariance }];
  expect(tailOf(fitted)).toBeGreaterThan(tailOf(sure));
  expect(tailOf(unsure)).toBeGreaterThan(tailOf(fitted));
});
