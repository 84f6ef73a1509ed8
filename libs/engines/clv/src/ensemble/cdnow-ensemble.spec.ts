/**
 * Goal: on CDNOW's 39 weeks of holdout one forecast beats each published model where it is best. Method: fit on the
 * log up to 1997-09-30 only, then score. All windows and all customers: `npm run bench -- value.backtest`.
 */
import { expect, it, jest } from '@jest/globals';
import { describeWithData } from '@kiki/testing';
import { readFileSync } from 'node:fs';
import { scoreForecast } from '../backtest.js';
import { coverage, meanAbsoluteError } from '../interval-scores.js';
import { CALIBRATION_END, cdnowHistory, HOLDOUT_END } from '../order-logs.fixture.js';
import { rowOf } from '../statistics.js';
import { Ensemble } from './ensemble.js';
import { fitEnsemble } from './ensemble-fit.js';
import { plainModel } from './plain-model.js';
import { forecastTotal } from './total-forecast.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

describeWithData('ltv/CDNOW_sample.txt', 'the ensemble on the 1/10 sample', (path) => {
  const history = cdnowHistory(readFileSync(path, 'utf8'));
  const log = history.log(CALIBRATION_END);
  const horizonDays = HOLDOUT_END - CALIBRATION_END;
  const table = log.table('week');
  const customers = table.customerIds.map((_, i) => rowOf(table, i));
  const actual = history.actuals(table.customerIds, CALIBRATION_END, HOLDOUT_END).purchases;
  const ensemble = new Ensemble(fitEnsemble(log));

  it('ranks like Pareto/NBD and is calibrated better than BG/NBD', () => {
    const predicted = Float64Array.from(customers, (row) =>
      ensemble.expectedPurchases(row, horizonDays),
    );
    const scores = scoreForecast(table.customerIds, predicted, actual);
    expect(scores.actual).toBe(1882);
    expect(scores.mae).toBeLessThanOrEqual(0.79);
    expect(scores.normalizedGini).toBeGreaterThanOrEqual(0.672);
    expect(scores.decileMape).toBeLessThanOrEqual(0.185);
    const levels = [0.5];
    const medians = customers.map(
      (row) => ensemble.quantiles(row, { horizonDays, levels })[0]?.purchases ?? 0,
    );
    expect(meanAbsoluteError(medians, actual)).toBeLessThanOrEqual(0.755);
  });

  it('covers customers and the total', () => {
    const outcomes = customers.map((row, i) => ({
      ...ensemble.interval(row, { horizonDays, level: 0.9 }),
      actual: actual[i] ?? 0,
    }));
    expect(coverage(outcomes)).toBeGreaterThan(0.88);
    expect(coverage(outcomes)).toBeLessThan(0.97);
    const options = { horizonDays, levels: [0.05, 0.95] };
    const [low, high] = forecastTotal(ensemble, customers, options).quantiles;
    expect(low?.purchases).toBeLessThan(1882);
    expect(high?.purchases).toBeGreaterThan(1882);
  });

  it('gives Pareto/NBD the interval that process and parameters alone make', () => {
    const plain = new Ensemble(plainModel(log, 'pareto_nbd'));
    const options = { horizonDays, levels: [0.05, 0.95] };
    const [low, high] = forecastTotal(plain, customers, options).quantiles;
    // The reference draws parameters 90 % [1469, 1892]; ours is analytic.
    expect(Math.abs((low?.purchases ?? 0) / 1469 - 1)).toBeLessThan(0.01);
    expect(Math.abs((high?.purchases ?? 0) / 1892 - 1)).toBeLessThan(0.01);
  });
});
