/**
 * Goal: how a customer came counts fully for a newcomer, fades with an own history as Bayes' rule says, and keeps the
 * identities of a value. Method: against purchase models whose parameters are scaled, limits, and sums of Shapley values.
 */
import { describe, expect, it } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { explainValue } from '../explain.js';
import { PurchaseForecaster } from '../forecast.js';
import type { PurchaseModel } from '../purchase-fit.js';
import type { SpendModel } from '../spend-model.js';
import { ValueModel, type ValuedCustomer } from '../value.js';
import { AcquiredValues } from './acquired-values.js';
import {
  acquiredPurchaseModel,
  acquiredSpendModel,
  fadedMultiplier,
  type AcquisitionPrior,
} from './acquisition-prior.js';

const NBD: PurchaseModel = {
  kind: 'nbd',
  timeUnit: 'week',
  parameters: { r: 0.7, alpha: 9 },
  parameterNames: ['r', 'alpha'],
  logLikelihood: -1,
  standardErrors: null,
  covariance: null,
  customers: 1,
  evaluations: 1,
  hasConverged: true,
};
const BG: PurchaseModel = {
  ...NBD,
  kind: 'bg_nbd',
  parameters: { r: 0.25, alpha: 4.4, a: 0.8, b: 2.4 },
  parameterNames: ['r', 'alpha', 'a', 'b'],
};
const SPEND = {
  kind: 'gamma_gamma',
  parameters: { p: 6.25, q: 3.74, v: 15.44 },
  parameterNames: ['p', 'q', 'v'],
  logLikelihood: null,
  standardErrors: null,
  populationMeanMicros: (6.25 * 15.44e6) / 2.74,
  customers: 946,
  zeroSpendCustomers: 0,
  frequencySpendCorrelation: null,
} as unknown as SpendModel;
const OPTIONS = { horizonDays: 91, annualDiscountRate: 0.1, margin: 0.4 };
const NEWCOMER: ValuedCustomer = { frequency: 0, recency: 0, age: 0, spendMeanMicros: undefined };

const multipliers = fc.double({ min: 0.1, max: 10, noNaN: true });
const priors = fc.record({ purchases: multipliers, spend: multipliers, used: fc.constant({}) });
const customers = fc
  .record({
    frequency: fc.integer({ min: 0, max: 40 }),
    gap: fc.double({ min: 0.1, max: 80, noNaN: true }),
    idle: fc.double({ min: 0, max: 80, noNaN: true }),
    spend: fc.integer({ min: 1, max: 1e9 }),
  })
  .map(({ frequency, gap, idle, spend }) => ({
    frequency,
    recency: frequency === 0 ? 0 : gap,
    age: (frequency === 0 ? 0 : gap) + idle,
    spendMeanMicros: frequency === 0 ? 0 : spend,
  }));

function valued(model: PurchaseModel, customer: ValuedCustomer, prior: AcquisitionPrior) {
  const values = new ValueModel(model, SPEND);
  const plain = values.valueOf(customer, OPTIONS);
  const alpha = model.parameters['alpha'] ?? NaN;
  const acquired = new AcquiredValues(values, alpha).of(
    plain,
    customer,
    prior,
    OPTIONS.horizonDays,
  );
  return { plain, ...acquired };
}

describe('a value with how the customer came', () => {
  it('is that of the model with a scaled rate and scaled spends, where nobody leaves', () => {
    fc.assert(
      fc.property(customers, priors, (customer, prior) => {
        const scaled = acquiredPurchaseModel(NBD, prior.purchases);
        const exact = new ValueModel(scaled, acquiredSpendModel(SPEND, prior.spend));
        const wanted = exact.valueOf(customer, OPTIONS);
        const { value, plain } = valued(NBD, customer, prior);
        expect(value.expectedPurchases / wanted.expectedPurchases).toBeCloseTo(1, 9);
        // 1 − P(active) loses its digits where it is nearly 0.
        if (plain.activeProbability < 1 - 1e-6) {
          expect(value.activeProbability).toBeCloseTo(wanted.activeProbability, 9);
        }
        expect(value.spendMicros / wanted.spendMicros).toBeCloseTo(1, 9);
      }),
      { seed: testSeed() },
    );
  });

  it('scales the errors of the rate with the rate', () => {
    const covariance = [
      [1, 2],
      [2, 9],
    ];
    const scaled = acquiredPurchaseModel(
      { ...NBD, covariance, standardErrors: { r: 1, alpha: 3 } },
      3,
    );
    expect(scaled.parameters).toEqual({ r: 0.7, alpha: 3 });
    expect(scaled.standardErrors).toEqual({ r: 1, alpha: 1 });
    expect(scaled.covariance?.flat()).toEqual([1, 2 / 3, 2 / 3, 1]);
  });

  it('multiplies the expectation of a newcomer, and of one who bought a moment ago', () => {
    const prior = { purchases: 1.7, spend: 0.8, used: {} };
    const { plain, value, applied } = valued(BG, NEWCOMER, prior);
    expect(value.expectedPurchases).toBeCloseTo(1.7 * plain.expectedPurchases, 12);
    expect(value.spendMicros).toBeCloseTo(0.8 * plain.spendMicros, 6);
    expect(applied.purchases).toBeCloseTo(1.7, 12);
    expect(applied.spend).toBeCloseTo(0.8, 12);
    const moment = { frequency: 0, recency: 0, age: 1e-9, spendMeanMicros: 0 };
    expect(valued(BG, moment, prior).value.valueMicros).toBeCloseTo(value.valueMicros, 0);
  });

  it('keeps its identity and its bounds', () => {
    fc.assert(
      fc.property(customers, priors, (customer, prior) => {
        const { value } = valued(BG, customer, prior);
        const product =
          value.aliveProbability *
          value.purchasesIfAlive *
          value.spendMicros *
          value.margin *
          value.discountFactor;
        expect(value.valueMicros).toBe(product);
        expect(value.activeProbability).toBeLessThanOrEqual(Math.min(1, value.expectedPurchases));
        expect(value.activeProbability).toBeGreaterThanOrEqual(0);
      }),
      { seed: testSeed() },
    );
  });

  it('fades to that of the model alone', () => {
    const at = (age: number): number => fadedMultiplier(3, 9, age);
    expect(at(0)).toBeCloseTo(3, 12);
    expect([at(10), at(30), at(100)]).toEqual([at(10), at(30), at(100)].sort((a, b) => b - a));
    expect(at(1e9)).toBeCloseTo(1, 6);
    const loyal = { frequency: 1000, recency: 900, age: 901, spendMeanMicros: 5e6 };
    const { applied } = valued(BG, loyal, { purchases: 3, spend: 3, used: {} });
    expect(Math.abs(applied.purchases - 1)).toBeLessThan(0.01);
    expect(Math.abs(applied.spend - 1)).toBeLessThan(0.01);
  });

  it('tells its multipliers also where nothing is spent', () => {
    const free = { ...SPEND, kind: 'mean', parameters: { mean: 0 }, populationMeanMicros: 0 };
    const values = new ValueModel(BG, free as SpendModel);
    const plain = values.valueOf(NEWCOMER, OPTIONS);
    const prior = { purchases: 2, spend: 3, used: {} };
    const { value, applied } = new AcquiredValues(values, 4.4).of(plain, NEWCOMER, prior, 91);
    expect(value.valueMicros).toBe(0);
    expect(applied.spend).toBe(3);
  });
});

describe('the explanation of such a value', () => {
  const model = new ValueModel(BG, SPEND);
  const average = { frequency: 1.2, recency: 8, age: 30, spendMeanMicros: 35e6 };
  const values = new AcquiredValues(
    model,
    new PurchaseForecaster(BG).model.parameters['alpha'] ?? 0,
  );

  it('has acquisition as a part, and still sums to the value', () => {
    fc.assert(
      fc.property(customers, priors, (customer, prior) => {
        const acquisition = { values, prior };
        const told = explainValue(model, customer, average, { ...OPTIONS, acquisition });
        expect(told.contributions.map(({ feature }) => feature)).toEqual([
          ...['recency', 'frequency', 'age', 'spend', 'acquisition'],
        ]);
        const { value } = valued(BG, customer, prior);
        expect(told.valueMicros).toBe(value.valueMicros);
        const sum = told.contributions.reduce((s, { deltaMicros }) => s + deltaMicros, 0);
        const scale = Math.max(1, told.valueMicros, told.populationMicros);
        expect((told.populationMicros + sum - told.valueMicros) / scale).toBeCloseTo(0, 9);
      }),
      { seed: testSeed() },
    );
  });

  it('gives acquisition its own share: what doubles purchases adds', () => {
    const acquisition = { values, prior: { purchases: 2, spend: 1.5, used: {} } };
    const told = explainValue(model, NEWCOMER, average, { ...OPTIONS, acquisition });
    expect(told.contributions.at(-1)?.deltaMicros).toBeGreaterThan(0);
    const nothing = { values, prior: { purchases: 1, spend: 1, used: {} } };
    const still = explainValue(model, NEWCOMER, average, { ...OPTIONS, acquisition: nothing });
    expect(Math.abs(still.contributions.at(-1)?.deltaMicros ?? 1)).toBeLessThan(1e-6);
  });
});
