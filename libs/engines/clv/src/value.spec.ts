/**
 * Goal: values are exact products, discounting is right, explanations sum up. Method: a dense sum against the
 * quadrature, and properties over random histories and options.
 */
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { explainMixtures, explainValue, mixturesOf } from './explain.js';
import { PurchaseForecaster } from './forecast.js';
import type { PurchaseModel } from './purchase-fit.js';
import type { SpendModel } from './spend-model.js';
import { ValueModel } from './value.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const purchases: PurchaseModel = {
  kind: 'bg_nbd',
  timeUnit: 'week',
  parameters: { r: 0.2425945, alpha: 4.4136019, a: 0.7929199, b: 2.4258881 },
  parameterNames: ['r', 'alpha', 'a', 'b'],
  logLikelihood: -9582.4292,
  standardErrors: null,
  covariance: null,
  customers: 2357,
  evaluations: 30,
  hasConverged: true,
};
const spend: SpendModel = {
  kind: 'gamma_gamma',
  parameters: { p: 6.25, q: 3.74, v: 15.44 },
  parameterNames: ['p', 'q', 'v'],
  logLikelihood: -4055.9,
  standardErrors: null,
  populationMeanMicros: 35.2189781e6,
  customers: 946,
  zeroSpendCustomers: 0,
  frequencySpendCorrelation: 0.114,
};
const forecaster = new PurchaseForecaster(purchases);
const model = new ValueModel(forecaster, spend);
const average = { frequency: 1.04, recency: 6.85, age: 32.7, spendMeanMicros: 35e6 };

const customer = fc
  .record({
    frequency: fc.integer({ min: 0, max: 60 }),
    age: fc.double({ min: 0.2, max: 300, noNaN: true }),
    share: fc.double({ min: 0.01, max: 1, noNaN: true }),
    spendMeanMicros: fc.option(fc.integer({ min: 0, max: 10 ** 9 }), { nil: undefined }),
  })
  .map(({ frequency, age, share, spendMeanMicros }) => ({
    frequency,
    age,
    recency: frequency === 0 ? 0 : age * share,
    spendMeanMicros,
  }));
const options = fc.record({
  horizonDays: fc.double({ min: 1, max: 3650, noNaN: true }),
  annualDiscountRate: fc.double({ min: 0, max: 2, noNaN: true }),
  margin: fc.double({ min: 0.01, max: 1, noNaN: true }),
});

describe('ValueModel', () => {
  it('discounts each purchase from when it is expected', () => {
    for (const [frequency, age, rate, days] of [
      [0, 0, 0.1, 365.25],
      [2, 38.86, 0.127, 365.25],
      [20, 80, 2, 3650],
      [0, 0, 10, 7305],
    ] as const) {
      const row = { frequency, recency: frequency === 0 ? 0 : age * 0.9, age };
      const asked = { horizonDays: days, annualDiscountRate: rate };
      const { purchasesIfAlive, discountFactor } = forecaster.forecast(row, asked);
      const [steps, alive] = [2000, forecaster.aliveProbability(row)];
      let [sum, before] = [0, 0];
      for (let i = 1; i <= steps; i++) {
        // Squares put most steps where purchases are densest.
        const [start, end] = [((i - 1) / steps) ** 2 * days, (i / steps) ** 2 * days];
        const until = forecaster.expectedPurchases(row, end / 7) / alive;
        sum += (until - before) * (1 + rate) ** (-(start + end) / 2 / 365.25);
        before = until;
      }
      expect(Math.abs(discountFactor / (sum / purchasesIfAlive) - 1)).toBeLessThan(2e-5);
    }
  });

  it('is the product of its factors, falls with the discount and grows with horizon and margin', () => {
    fc.assert(
      fc.property(customer, options, (row, asked) => {
        const value = model.valueOf(row, asked);
        const { aliveProbability, purchasesIfAlive, spendMicros, margin, discountFactor } = value;
        const product = aliveProbability * purchasesIfAlive * spendMicros * margin * discountFactor;
        expect(value.valueMicros).toBe(product);
        expect(value.valueMicros >= 0 && Number.isFinite(value.valueMicros)).toBe(true);
        expect(discountFactor > 0 && discountFactor <= 1).toBe(true);
        const dearer = { ...asked, annualDiscountRate: asked.annualDiscountRate + 0.1 };
        expect(model.valueOf(row, dearer).valueMicros).toBeLessThanOrEqual(value.valueMicros);
        const longer = { ...asked, horizonDays: asked.horizonDays * 1.2 };
        const grown = model.valueOf(row, longer).valueMicros;
        expect(grown).toBeGreaterThanOrEqual(value.valueMicros * (1 - 1e-9));
      }),
      { numRuns: 200 },
    );
  });

  it('lets P(alive) fall further ahead', () => {
    const row = { frequency: 3, recency: 20, age: 25 };
    const now = forecaster.aliveProbability(row);
    const later = forecaster.aliveProbabilityAt(row, 26);
    expect(forecaster.aliveProbabilityAt(row, 0)).toBe(now);
    expect(later).toBeLessThan(now);
    expect(later).toBeGreaterThan(0);
  });
});

describe('explainValue', () => {
  it('gives contributions that sum exactly to the distance from the average customer', () => {
    fc.assert(
      fc.property(customer, options, (row, asked) => {
        const explained = explainValue(model, row, average, asked);
        const sum = explained.contributions.reduce((all, { deltaMicros }) => all + deltaMicros, 0);
        const scale = Math.max(1, explained.valueMicros, explained.populationMicros);
        const rest = explained.populationMicros + sum - explained.valueMicros;
        expect(Math.abs(rest) / scale).toBeLessThan(1e-9);
        expect(explained.valueMicros).toBe(model.valueOf(row, asked).valueMicros);
      }),
      { numRuns: 100 },
    );
  });

  it('says the same by the values of the mixtures', () => {
    fc.assert(
      fc.property(customer, options, (row, asked) => {
        const values = mixturesOf(row, average).map(
          (mixed) => model.valueOf(mixed, asked).valueMicros,
        );
        expect(explainMixtures(values)).toEqual(explainValue(model, row, average, asked));
      }),
      { numRuns: 50 },
    );
  });

  it('gives nothing to a statistic that is the average one', () => {
    const asked = { horizonDays: 365.25, annualDiscountRate: 0.1, margin: 1 };
    const same = { ...average, frequency: 5 };
    const { contributions } = explainValue(model, same, average, asked);
    const of = Object.fromEntries(contributions.map((c) => [c.feature, c.deltaMicros]));
    expect(of).toMatchObject({ recency: 0, age: 0, spend: 0 });
    expect(of['frequency']).not.toBe(0);
  });
});
