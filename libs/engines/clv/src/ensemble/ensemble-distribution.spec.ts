/**
 * Goal: the ensemble's counts have its mean, are never narrower than without lives that end, and hold CDNOW's busiest
 * customers over a year. Method: properties over customers and horizons; coverage of a year's holdout.
 */
import { expect, it, jest } from '@jest/globals';
import { describeWithData, testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { cdnowHistory, dayOf, HOLDOUT_END } from '../order-logs.fixture.js';
import { PurchaseLog } from '../purchase-log.js';
import { rowOf } from '../statistics.js';
import { cumulative } from './count-distribution.js';
import { shortestRangeOf } from './count-ranges.js';
import { Ensemble } from './ensemble.js';
import { EnsembleDistribution } from './ensemble-distribution.js';
import { fitEnsemble } from './ensemble-fit.js';
import { simulateMarket } from './market.fixture.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const market = simulateMarket({ customers: 300, days: 330, arrivalDays: 60, seed: testSeed() });
const ensemble = new Ensemble(fitEnsemble(PurchaseLog.of(market, 239)));

it('has the mean of the ensemble, times what is known beside', () => {
  const customers = fc.record({
    frequency: fc.nat(20),
    share: fc.double({ min: 0.1, max: 1, noNaN: true }),
    horizonDays: fc.integer({ min: 7, max: 700 }),
    factor: fc.constantFrom(1, 0.5, 1.7),
  });
  fc.assert(
    fc.property(customers, ({ frequency, share, horizonDays, factor }) => {
      const row = { frequency, recency: frequency === 0 ? 0 : share * 30, age: 30 };
      const below = new EnsembleDistribution(ensemble, horizonDays).below(row, factor);
      expect(below.at(-1)).toBeGreaterThan(1 - 1e-6);
      const mean = below.reduce((sum, value) => sum + 1 - value, 0);
      const expected = factor * ensemble.expectedPurchases(row, horizonDays);
      expect(Math.abs(mean / expected - 1)).toBeLessThan(2e-3);
    }),
    { numRuns: 50, seed: testSeed() },
  );
});

it('widens with the dispersion of rates and with what the parameters leave open', () => {
  const row = { frequency: 15, recency: 29, age: 30 };
  const { model } = ensemble;
  const widthOf = (changed: Partial<typeof model>): number => {
    const distribution = new EnsembleDistribution(new Ensemble({ ...model, ...changed }), 182);
    const [low, high] = shortestRangeOf(distribution.below(row), 0.9);
    return high - low;
  };
  const unsure = model.anchors.map(({ logCovariance = [], ...member }) => {
    return { ...member, logCovariance: logCovariance.map((value) => 100 * value) };
  });
  const calm = { dispersion: 0, shock: { scale: 0.01, degreesOfFreedom: 100 } };
  expect(widthOf({ ...calm, dispersion: 0.3 })).toBeGreaterThan(widthOf(calm));
  expect(widthOf({ ...calm, anchors: unsure })).toBeGreaterThan(widthOf(calm));
});

it('knows the variance of its own distribution', () => {
  const sure = ensemble.model.anchors.map(({ kind, theta }) => ({ kind, theta }));
  const shock = { scale: 0, degreesOfFreedom: 100 };
  const calm = new Ensemble({ ...ensemble.model, anchors: sure, shock });
  for (const horizonDays of [30, 365]) {
    const distribution = new EnsembleDistribution(calm, horizonDays);
    for (const frequency of [0, 3, 12]) {
      const row = { frequency, recency: frequency === 0 ? 0 : 28, age: 30 };
      let [mean, square] = [0, 0];
      distribution.below(row).forEach((value, n, below) => {
        const mass = value - (below[n - 1] ?? 0);
        mean += n * mass;
        square += n * n * mass;
      });
      const moments = distribution.moments(row);
      expect(mean / moments.mean).toBeCloseTo(1, 4);
      expect((square - mean * mean) / moments.variance).toBeCloseTo(1, 3);
    }
  }
});

describeWithData('ltv/CDNOW_master.txt', "a year of CDNOW's holdout", (path) => {
  it('holds those who buy often, whose lives end and rates change within it, as one negative binomial does not', () => {
    const history = cdnowHistory(readFileSync(path, 'utf8'));
    const end = dayOf('1997-06-30');
    const horizonDays = HOLDOUT_END - end;
    const log = history.log(end);
    const table = log.table('week');
    const actual = history.actuals(table.customerIds, end, HOLDOUT_END).purchases;
    const fitted = new Ensemble(fitEnsemble(log));
    const distribution = new EnsembleDistribution(fitted, horizonDays);
    const steady = new Ensemble({ ...fitted.model, dispersion: 0 });
    let [busy, held, heldByOne] = [0, 0, 0];
    table.customerIds.forEach((_, i) => {
      const row = rowOf(table, i);
      if (row.frequency < 4) return;
      const holds = (below: readonly number[]): boolean => {
        const [low, high] = shortestRangeOf(below, 0.9);
        return (actual[i] ?? 0) >= low && (actual[i] ?? 0) <= high;
      };
      busy += 1;
      if (holds(distribution.below(row))) held += 1;
      if (holds(cumulative(steady.mixture(row, horizonDays), 1 - 1e-9))) heldByOne += 1;
    });
    expect(busy).toBe(1110);
    // .9 of 1110 within two standard errors.
    expect(held / busy).toBeGreaterThan(0.882);
    expect(heldByOne / busy).toBeLessThan(0.882);
  });
});
