/**
 * Goal: totals of segments are sums of what is expected of their customers, their intervals hold, and no order changes
 * them. Method: simulated markets with drawn spends; CDNOW's 39 weeks of holdout, both sizes.
 */
import { expect, it, jest } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { describeWithData, testSeed } from '@kiki/testing';
import { readFileSync } from 'node:fs';
import { CALIBRATION_END, cdnowHistory, HOLDOUT_END } from '../order-logs.fixture.js';
import { gammaVariate } from '../numerics/sampling.js';
import { PurchaseHistory } from '../purchase-history.js';
import { fitSpend, type SpendModel } from '../spend-model.js';
import { rowOf, type CustomerTable } from '../statistics.js';
import { ValueModel } from '../value.js';
import { Ensemble } from './ensemble.js';
import { fitEnsemble } from './ensemble-fit.js';
import { simulateMarket } from './market.fixture.js';
import { plainModel } from './plain-model.js';
import { forecastSegments, type SegmentOptions } from './segment-forecast.js';
import { forecastTotal } from './total-forecast.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const END = 209;
const OPTIONS = {
  horizonDays: 91,
  annualDiscountRate: 0.2,
  margin: 0.4,
  levels: [0.05, 0.5, 0.95],
};

/** Customers of a simulated market, who spend by Gamma-Gamma. */
function marketOf(seed: number): PurchaseHistory {
  const random = new SeededRandom(seed);
  const history = new PurchaseHistory();
  const market = simulateMarket({ customers: 250, days: 300, arrivalDays: 60, seed });
  for (const { customerId, days } of market) {
    const nu = gammaVariate(random, 4, 15e6);
    for (const day of days) {
      history.addDay(customerId, day, Math.round(gammaVariate(random, 6, nu * 1e-12)));
    }
  }
  return history;
}

const history = marketOf(testSeed());
const table = history.table(END, 'week');
const spend = fitSpend(table).model;
const ensemble = new Ensemble(plainModel(history.log(END), 'pareto_nbd'));

function everybody(of: CustomerTable, options: SegmentOptions, model = ensemble, money = spend) {
  const memberships = new Uint32Array(of.customerIds.length).fill(1);
  const [all] = forecastSegments(model, money, { table: of, memberships, segments: 1 }, options);
  if (all === undefined) throw new Error('a segment was asked for');
  return all;
}

it('adds up what is expected of each customer, segment by segment', () => {
  const values = new ValueModel(ensemble, spend);
  const memberships = Uint32Array.from(table.customerIds, (_, i) => 1 << (i % 3));
  memberships[0] = 0;
  const segments = forecastSegments(ensemble, spend, { table, memberships, segments: 3 }, OPTIONS);
  segments.forEach((segment, s) => {
    const members = table.customerIds.map((_, i) => i).filter((i) => i > 0 && i % 3 === s);
    const each = members.map((i) => values.valueOf(rowOf(table, i), OPTIONS));
    const purchases = each.reduce((sum, { expectedPurchases }) => sum + expectedPurchases, 0);
    const micros = each.reduce((sum, { valueMicros }) => sum + valueMicros, 0);
    expect(segment.customers).toBe(members.length);
    expect(segment.purchases.expected / purchases).toBeCloseTo(1, 9);
    expect(segment.spendMicros.expected / micros).toBeCloseTo(1, 9);
  });
});

it('says of purchases what forecastTotal says, and of money no less', () => {
  const rows = table.customerIds.map((_, i) => rowOf(table, i));
  const all = everybody(table, OPTIONS);
  const total = forecastTotal(ensemble, rows, OPTIONS);
  expect(all.purchases.parameters).toBeCloseTo(total.parameters, 9);
  total.quantiles.forEach(({ purchases }, i) => {
    expect((all.purchases.quantiles[i] ?? NaN) / purchases).toBeCloseTo(1, 9);
  });
  expect(all.spendMicros.process).toBeGreaterThan(all.purchases.process);
  expect(all.spendMicros.parameters).toBeGreaterThan(all.purchases.parameters);
});

it('gives the same bits in any order of the customers', () => {
  const order = table.customerIds.map((_, i) => i).reverse();
  const turn = (column: Float64Array): Float64Array =>
    Float64Array.from(order, (i) => column[i] ?? 0);
  const turned = {
    ...table,
    customerIds: order.map((i) => table.customerIds[i] ?? ''),
    frequency: turn(table.frequency),
    recency: turn(table.recency),
    age: turn(table.age),
    spendMeanMicros: turn(table.spendMeanMicros),
  };
  expect(everybody(turned, OPTIONS)).toEqual(everybody(table, OPTIONS));
});

it('counts in what is known beside a history, mean and spread', () => {
  const memberships = new Uint32Array(table.customerIds.length).fill(1);
  const ask = (busier: number, dearer: number) => {
    const column = (value: number): Float64Array =>
      new Float64Array(table.customerIds.length).fill(value);
    const multipliers = { purchases: column(busier), spend: column(dearer) };
    const [total] = forecastSegments(
      ensemble,
      spend,
      { table, memberships, segments: 1, multipliers },
      OPTIONS,
    );
    return total;
  };
  const [plain, busy, dear] = [ask(1, 1), ask(2, 1), ask(1, 3)];
  expect(plain).toEqual(everybody(table, OPTIONS));
  expect((busy?.purchases.expected ?? NaN) / (plain?.purchases.expected ?? NaN)).toBeCloseTo(2, 9);
  expect((busy?.spendMicros.expected ?? NaN) / (plain?.spendMicros.expected ?? NaN)).toBeCloseTo(
    2,
    9,
  );
  // Poisson counts of twice the rate vary less, relative to their mean; differences between customers as much.
  expect(busy?.purchases.process).toBeLessThan(plain?.purchases.process ?? NaN);
  expect(busy?.purchases.process).toBeGreaterThan((plain?.purchases.process ?? NaN) / Math.SQRT2);
  expect(busy?.purchases.parameters).toBeCloseTo(plain?.purchases.parameters ?? NaN, 9);
  expect((dear?.spendMicros.expected ?? NaN) / (plain?.spendMicros.expected ?? NaN)).toBeCloseTo(
    3,
    9,
  );
  expect(dear?.spendMicros.process).toBeCloseTo(plain?.spendMicros.process ?? NaN, 9);
});

it('is nothing of nobody, and finite of one', () => {
  const memberships = new Uint32Array(table.customerIds.length);
  memberships[4] = 2;
  const [nobody, one] = forecastSegments(
    ensemble,
    spend,
    { table, memberships, segments: 2 },
    OPTIONS,
  );
  expect(nobody).toMatchObject({ customers: 0, purchases: { expected: 0, quantiles: [0, 0, 0] } });
  expect(one?.customers).toBe(1);
  const [low = NaN, , high = NaN] = one?.spendMicros.quantiles ?? [];
  expect(low).toBeGreaterThanOrEqual(0);
  expect(low).toBeLessThan(one?.spendMicros.expected ?? NaN);
  expect(high).toBeGreaterThan(one?.spendMicros.expected ?? NaN);
  expect(high).toBeLessThan(20 * (one?.spendMicros.expected ?? NaN));
});

it('holds the money of most simulated markets', () => {
  let inside = 0;
  for (let market = 0; market < 20; market++) {
    const past = marketOf(testSeed() + 100 + market);
    const known = past.table(END, 'week');
    const actual = past.actuals(known.customerIds, END, END + 91).spendMicros;
    const model = new Ensemble(plainModel(past.log(END), 'pareto_nbd'));
    const options = { ...OPTIONS, annualDiscountRate: 0, margin: 1 };
    const { quantiles } = everybody(known, options, model, fitSpend(known).model).spendMicros;
    const total = actual.reduce((sum, micros) => sum + micros, 0);
    if (total >= (quantiles[0] ?? 0) && total <= (quantiles[2] ?? 0)) inside++;
  }
  // Of 20 with 90 %: 14 or fewer come once in 90 times.
  expect(inside).toBeGreaterThanOrEqual(15);
});

describeWithData('ltv/CDNOW_sample.txt', "CDNOW's 39 weeks, 1/10 sample", (path) => {
  itHolds(path, { purchases: 1882, units: 70_976.39 });
});

describeWithData('ltv/CDNOW_master.txt', "CDNOW's 39 weeks, all customers", (path) => {
  itHolds(path, { purchases: 19_684, units: 776_961.13 });
});

function itHolds(path: string, actual: { purchases: number; units: number }): void {
  it('contains the purchases and the money that came', () => {
    const log = cdnowHistory(readFileSync(path, 'utf8'));
    const known = log.table(CALIBRATION_END, 'week');
    const money: SpendModel = fitSpend(known).model;
    const happened = log.actuals(known.customerIds, CALIBRATION_END, HOLDOUT_END);
    const spent = happened.spendMicros.reduce((sum, micros) => sum + micros, 0);
    expect(spent / 1e6).toBeCloseTo(actual.units, 2);
    const model = new Ensemble(fitEnsemble(log.log(CALIBRATION_END)));
    const horizonDays = HOLDOUT_END - CALIBRATION_END;
    const options = { ...OPTIONS, horizonDays, annualDiscountRate: 0, margin: 1 };
    const { purchases, spendMicros } = everybody(known, options, model, money);
    expect(purchases.quantiles[0]).toBeLessThan(actual.purchases);
    expect(purchases.quantiles[2]).toBeGreaterThan(actual.purchases);
    expect((spendMicros.quantiles[0] ?? 0) / 1e6).toBeLessThan(actual.units);
    expect((spendMicros.quantiles[2] ?? 0) / 1e6).toBeGreaterThan(actual.units);
  });
}
