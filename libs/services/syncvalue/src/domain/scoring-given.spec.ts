/**
 * Goal: a brought forecast is scored as a fitted one would be, and one of revenue in money. Method: the forecast of a
 * fitted model given as if it had been brought; a forecast that is the truth.
 */
import { describe, expect, it } from '@jest/globals';
import {
  expectedSpendMicros,
  fitPurchases,
  fitSpend,
  PurchaseForecaster,
  rowOf,
  tableOf,
} from '@kiki/clv';
import { SeededRandom } from '@kiki/kernel';
import { score } from './scoring.js';
import { scoreGiven } from './scoring-given.js';

const random = new SeededRandom(11);
const rows = Array.from({ length: 300 }, (_, i) => {
  const age = 100 + random.nextInt(300);
  const frequency = Math.floor(random.nextDouble() ** 3 * 12);
  const recency = frequency === 0 ? 0 : age * (0.2 + 0.8 * random.nextDouble());
  const spendMeanMicros = frequency === 0 ? 0 : (5 + 40 * random.nextDouble() ** 2) * 1e6;
  return { customerId: `c${i}`, frequency, recency, age, spendMeanMicros };
});
const table = tableOf(rows, 'day');
const horizon = 90;
const actualPurchases = Float64Array.from(rows, () => Math.floor(random.nextDouble() ** 2 * 4));
const actualSpendMicros = actualPurchases.map((count) => count * (1 + random.nextInt(30)) * 1e6);
const window = {
  table,
  horizon,
  actualPurchases,
  actualSpendMicros,
  spendKind: 'gamma_gamma',
} as const;
const fitted = new PurchaseForecaster(fitPurchases(table, 'bg_nbd').model);
const outputs = Float64Array.from(rows, (_, i) =>
  fitted.expectedPurchases(rowOf(table, i), horizon),
);

describe('a given forecast', () => {
  it('of purchases has the scores of the model that made it', () => {
    const given = scoreGiven({ ...window, outputs, outputMeaning: 'purchases' });
    const own = score({ ...window, kind: 'bg_nbd', asOfDay: 0 }, () => undefined);
    expect(given.model).toEqual(own.model);
    expect(given.naive).toEqual(own.naive);
    expect(given.purchases.normalizedGini).toBe(own.model.scores.normalizedGini);
  });

  it('of revenue is scored in units of the currency, beside purchases in the same order', () => {
    const spend = fitSpend(table).model;
    const revenue = outputs.map((count, i) => {
      const { frequency, spendMeanMicros } = rowOf(table, i);
      return (count * expectedSpendMicros(spend, frequency, spendMeanMicros)) / 1e6;
    });
    const given = scoreGiven({ ...window, outputs: revenue, outputMeaning: 'revenue' });
    const own = score({ ...window, kind: 'bg_nbd', asOfDay: 0 }, () => undefined);
    expect(given.model.spendGini).toBeCloseTo(own.model.spendGini ?? NaN, 9);
    expect(given.model.predictedSpendMicros / own.model.predictedSpendMicros).toBeCloseTo(1, 9);
    expect(given.model.scores.actual * 1e6).toBeCloseTo(given.model.actualSpendMicros, 0);
    expect(given.model.scores.predicted * 1e6).toBeCloseTo(given.model.predictedSpendMicros, 0);
    const purchases = actualPurchases.reduce((sum, count) => sum + count, 0);
    expect(given.purchases.actual).toBe(purchases);
    expect(given.purchases.deciles.reduce((sum, count) => sum + count, 0)).toBe(purchases);
  });

  it('that is the truth has no error and the highest Gini', () => {
    const truth = actualSpendMicros.map((micros) => micros / 1e6);
    const { model } = scoreGiven({ ...window, outputs: truth, outputMeaning: 'revenue' });
    expect(model.scores).toMatchObject({ mae: 0, rmse: 0, bias: 0, normalizedGini: 1 });
    expect(model.spendGini).toBe(1);
  });
});
