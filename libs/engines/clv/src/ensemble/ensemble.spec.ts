/**
 * Goal: the ensemble knows nothing of what comes after its calibration, and what it says hangs together. Method: change
 * the future and compare bits; properties over customers and horizons of simulated markets.
 */
import { expect, it, jest } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { PurchaseHistory } from '../purchase-history.js';
import { PurchaseLog, type CustomerPurchases } from '../purchase-log.js';
import { Ensemble } from './ensemble.js';
import { fitEnsemble } from './ensemble-fit.js';
import { cumulative } from './count-distribution.js';
import { simulateMarket } from './market.fixture.js';
import { plainModel } from './plain-model.js';
import { forecastTotal } from './total-forecast.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const END = 239;
const purchases = simulateMarket({ customers: 400, days: 330, arrivalDays: 60, seed: testSeed() });
const log = PurchaseLog.of(purchases, END);
const model = fitEnsemble(log);
const ensemble = new Ensemble(model);
const rows = fc.record({ frequency: fc.nat(20), r: fc.double({ min: 0.05, max: 1, noNaN: true }) });
const rowOf = ({ frequency, r }: { frequency: number; r: number }) => ({
  frequency,
  recency: frequency === 0 ? 0 : r * 30,
  age: 30,
});

function historyOf(customers: readonly CustomerPurchases[]): PurchaseHistory {
  const history = new PurchaseHistory();
  for (const { customerId, days } of customers) {
    for (const day of days) history.addDay(customerId, day, 1e6);
  }
  return history;
}

it('gives the same bits whatever comes after the end of calibration', () => {
  const bits = JSON.stringify(model);
  const past = purchases.map(({ customerId, days }) => ({
    customerId,
    days: days.filter((day) => day <= END),
  }));
  const future = fc.array(fc.tuple(fc.nat(600), fc.integer({ min: END + 1, max: END + 400 })), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(future, (events) => {
      const other = historyOf(past);
      for (const [customer, day] of events) other.addDay(`c${customer}`, day, 5e6);
      expect(JSON.stringify(fitEnsemble(other.log(END)))).toBe(bits);
    }),
    { numRuns: 5, seed: testSeed() },
  );
});

it('is given a log that holds no later day, and refuses to look at one', () => {
  const all = historyOf(purchases).log(END);
  for (let i = 0; i < all.customerIds.length; i++) {
    expect(Math.max(...all.daysOf(i))).toBeLessThanOrEqual(END);
  }
  expect(() => all.upTo(END + 1)).toThrow(
    expect.objectContaining({ code: 'clv_parameter_invalid' }),
  );
});

it('gives the same bits for the same customers in any order', () => {
  const turned = PurchaseLog.of([...purchases].reverse(), END);
  expect(fitEnsemble(turned)).toEqual(model);
});

it('is plain data below 4 KB and forecasts the same after a round trip', () => {
  const json = JSON.stringify(model);
  expect(json.length).toBeLessThan(4096);
  const again = new Ensemble(structuredClone(JSON.parse(json) as typeof model));
  const row = { frequency: 3, recency: 20, age: 30 };
  expect(again.expectedPurchases(row, 91)).toBe(ensemble.expectedPurchases(row, 91));
});

it('keeps the total of the calendar models at the horizons it was set at', () => {
  const table = log.table('week');
  const all = table.customerIds.map((_, i) => ({
    frequency: table.frequency[i] ?? 0,
    recency: table.recency[i] ?? 0,
    age: table.age[i] ?? 0,
  }));
  for (const [days] of model.levels) {
    const wanted = all.reduce((sum, row) => {
      const each = ensemble.anchorExpectations(row, days);
      return sum + each.reduce((s, value, k) => s + value * (model.weights[k] ?? 0), 0);
    }, 0);
    const total = forecastTotal(ensemble, all, { horizonDays: days, levels: [0.5] });
    expect(total.expected / wanted).toBeCloseTo(1, 6);
    // The median of the process lies a little below its mean.
    const median = total.quantiles[0]?.purchases ?? NaN;
    expect(median / total.expected).toBeLessThan(1);
    expect(median / total.expected).toBeGreaterThan(1 - total.process ** 2);
  }
});

it('says things that hang together for every customer and horizon', () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 700 }), (drawn, horizonDays) => {
      const row = rowOf(drawn);
      const options = { horizonDays, annualDiscountRate: 0.1 };
      const forecast = ensemble.forecast(row, options);
      expect(forecast.aliveProbability * forecast.purchasesIfAlive).toBeCloseTo(
        forecast.expectedPurchases,
        9,
      );
      expect(forecast.aliveProbability).toBeGreaterThan(0);
      expect(forecast.aliveProbability).toBeLessThanOrEqual(1);
      expect(forecast.activeProbability).toBeGreaterThan(0);
      expect(forecast.activeProbability).toBeLessThanOrEqual(forecast.aliveProbability);
      expect(forecast.discountFactor).toBeGreaterThan(1.1 ** (-horizonDays / 365.25) - 1e-9);
      expect(forecast.discountFactor).toBeLessThanOrEqual(1);
      expect(ensemble.expectedPurchases(row, horizonDays + 30)).toBeGreaterThan(
        forecast.expectedPurchases,
      );
      const levels = [0.05, 0.5, 0.95];
      const counts = ensemble.quantiles(row, { horizonDays, levels }).map((q) => q.purchases);
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      const { low, high } = ensemble.interval(row, { horizonDays, level: 0.9 });
      const below = cumulative(ensemble.mixture(row, horizonDays), 0.999_999);
      expect((below[high] ?? 1) - (below[low - 1] ?? 0)).toBeGreaterThanOrEqual(0.9 - 1e-9);
      expect(high - low).toBeLessThanOrEqual((counts[2] ?? 0) - (counts[0] ?? 0));
    }),
    { numRuns: 100, seed: testSeed() },
  );
});

it('does without earlier origins where the log is short', () => {
  const short = fitEnsemble(PurchaseLog.of(purchases, 15));
  expect(short).toMatchObject({ origins: 0, weights: [0.5, 0.5], slope: 1 });
  expect(short.season).toEqual({ level: 1, index: [] });
  expect(short.shock).toEqual({ scale: 0.1, degreesOfFreedom: 4 });
});

it('covers the totals of most simulated markets, and a plain model is what its kind says', () => {
  let inside = 0;
  for (let market = 0; market < 10; market++) {
    const seed = testSeed() + 100 + market;
    const customers = simulateMarket({ customers: 250, days: 300, arrivalDays: 60, seed });
    const past = PurchaseLog.of(customers, 209);
    const actual = PurchaseLog.of(customers, 300)
      .purchasesWithin(209, 300)
      .reduce((sum, n) => sum + n, 0);
    const table = past.table('week');
    const all = table.customerIds.map((_, i) => ({
      frequency: table.frequency[i] ?? 0,
      recency: table.recency[i] ?? 0,
      age: table.age[i] ?? 0,
    }));
    const options = { horizonDays: 91, levels: [0.05, 0.95] };
    const { quantiles } = forecastTotal(new Ensemble(fitEnsemble(past)), all, options);
    const [low, high] = quantiles.map((q) => q.purchases);
    if (actual >= (low ?? 0) && actual <= (high ?? 0)) inside++;
  }
  expect(inside).toBeGreaterThanOrEqual(8);
  const plain = plainModel(log, 'pareto_nbd');
  const row = { frequency: 3, recency: 20, age: 30 };
  const [anchor] = new Ensemble(plain).anchorExpectations(row, 182);
  expect(new Ensemble(plain).expectedPurchases(row, 182)).toBeCloseTo(anchor ?? NaN, 9);
});
