/**
 * Goal: a back-test says truly how often intervals held. Method: futures drawn from the very law that customers were
 * simulated from, which every level has to cover about as often as it says; CDNOW's 39 weeks of holdout.
 */
import { describe, expect, it } from '@jest/globals';
import {
  fitPurchases,
  fitSpend,
  PosteriorCustomer,
  PurchaseHistory,
  PurchaseLog,
  rowOf,
  simulatePurchases,
  type CustomerTable,
} from '@kiki/clv';
import { SeededRandom } from '@kiki/kernel';
import { readOrderLog } from '@kiki/orderlog';
import { describeWithData, testSeed } from '@kiki/testing';
import { readFileSync } from 'node:fs';
import { intervalMetrics } from './interval-metrics.js';
import type { FitKind } from './model.js';
import { score } from './scoring.js';

const PARAMETERS = { r: 0.8, alpha: 4, a: 0.8, b: 2.5 };
const LAW = { kind: 'bg_nbd', timeUnit: 'week', parameters: PARAMETERS } as const;
const HORIZON = 26;

function simulated(random: SeededRandom): CustomerTable {
  const cohort = { customers: 1500, minAge: 20, maxAge: 39 };
  const table = simulatePurchases(LAW, cohort, random);
  const spendMeanMicros = table.frequency.map((x) =>
    x === 0 ? 0 : (10 + 20 * random.nextDouble()) * 1e6,
  );
  return { ...table, spendMeanMicros };
}

describe('intervals of the model that made the future', () => {
  const random = new SeededRandom(testSeed());
  const table = simulated(random);
  const rows = table.customerIds.map((_, i) => rowOf(table, i));
  const actualPurchases = Float64Array.from(rows, (row) =>
    new PosteriorCustomer(LAW, row).drawPurchases(HORIZON, random),
  );
  const actualSpendMicros = actualPurchases.map((n, i) => n * (rows[i]?.spendMeanMicros || 20e6));
  const window = { table, asOfDay: 20_000, horizon: HORIZON, actualPurchases, actualSpendMicros };
  const { model } = fitPurchases(table, 'bg_nbd');
  const metrics = intervalMetrics(model, fitSpend(table).model, window);

  it('cover single customers at least as often as they say, and are wider the surer they are', () => {
    expect(metrics.coverage.map(({ level }) => level)).toEqual([0.5, 0.8, 0.9, 0.95]);
    metrics.coverage.forEach(({ level, covered, meanWidth }, i) => {
      // Counts cannot hold a level exactly: ranges are a little too wide, never too narrow by more than chance.
      expect(covered).toBeGreaterThan(level - 5 * Math.sqrt((level * (1 - level)) / 1500));
      expect(covered).toBeLessThan(1);
      expect(meanWidth).toBeGreaterThan(metrics.coverage[i - 1]?.meanWidth ?? 0);
    });
    const at90 = metrics.coverage[2];
    expect(metrics.intervalScore).toBeGreaterThan(at90?.meanWidth ?? NaN);
  });

  it('have a median that no other number beats on average', () => {
    const n = rows.length;
    const mean = actualPurchases.reduce((sum, value) => sum + value, 0) / n;
    const around = (value: number): number =>
      actualPurchases.reduce((sum, actual) => sum + Math.abs(actual - value), 0) / n;
    expect(metrics.medianMae).toBeLessThan(Math.min(around(mean), around(0), around(1)));
  });

  it('are told of the totals of purchases and money, and by how much they missed', () => {
    const { totalPurchases, totalSpend } = metrics;
    const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
    expect(totalPurchases.actual).toBe(sum(actualPurchases));
    expect(totalSpend.actual).toBeCloseTo(sum(actualSpendMicros) / 1e6, 6);
    for (const total of [totalPurchases, totalSpend]) {
      const { low, median, high, actual } = total;
      expect(total).toMatchObject({ level: 0.9, isCovered: actual >= low && actual <= high });
      expect(low).toBeLessThan(median);
      expect(median).toBeLessThan(high);
      // Nine in ten are inside; whatever is not is not far out.
      expect(actual).toBeGreaterThan(low - (high - low));
      expect(actual).toBeLessThan(high + (high - low));
    }
    const doubled = actualPurchases.map((n) => 2 * n);
    const missed = intervalMetrics(model, fitSpend(table).model, {
      ...window,
      actualPurchases: doubled,
    }).totalPurchases;
    expect(missed.isCovered).toBe(false);
    const gap = missed.actual - missed.high;
    expect(missed.intervalScore).toBeCloseTo(missed.high - missed.low + 20 * gap, 6);
  });
});

describeWithData('ltv/CDNOW_master.txt', "CDNOW's 39 weeks", (path) => {
  const [end, holdoutEnd] = ['1997-09-30', '1998-06-30'].map((day) => Date.parse(day) / 86_400_000);
  const history = new PurchaseHistory();
  for (const order of readOrderLog(readFileSync(path), { currency: 'USD' }).rows)
    history.add(order);

  /** Every tenth customer, as the published sample is. */
  function scored(kind: FitKind) {
    const everybody = history.table(end ?? 0, 'week');
    const kept = [...everybody.customerIds.keys()].filter((i) => i % 10 === 0);
    const column = (values: Float64Array): Float64Array =>
      Float64Array.from(kept, (i) => values[i] ?? 0);
    const table = {
      timeUnit: 'week' as const,
      customerIds: kept.map((i) => everybody.customerIds[i] ?? ''),
      frequency: column(everybody.frequency),
      recency: column(everybody.recency),
      age: column(everybody.age),
      spendMeanMicros: column(everybody.spendMeanMicros),
    };
    const { purchases, spendMicros } = history.actuals(
      table.customerIds,
      end ?? 0,
      holdoutEnd ?? 0,
    );
    const chosen = new Set(table.customerIds);
    const columns = history.log(end ?? 0);
    const bought = columns.customerIds
      .map((customerId, i) => ({ customerId, days: [...columns.daysOf(i)] }))
      .filter(({ customerId }) => chosen.has(customerId));
    const job = {
      ...{ table, kind, spendKind: 'gamma_gamma' as const, asOfDay: end ?? 0, horizon: 39 },
      wanted: { intervals: true },
      log: PurchaseLog.of(bought, end ?? 0).columns,
      ...{ actualPurchases: purchases, actualSpendMicros: spendMicros },
    };
    return score(job, () => undefined);
  }

  it.each([
    ['ensemble', 0.88],
    ['bg_nbd', 0.88],
    // It holds one-time buyers to be gone who then came: P(0) of many is just above .9, so that their range is 0 alone.
    ['pareto_nbd', 0.85],
  ] as const)('are held by %s, customer by customer', (kind, least) => {
    const { model, intervals } = scored(kind);
    const at90 = intervals?.coverage[2]?.covered;
    expect(at90).toBeGreaterThan(least);
    expect(at90).toBeLessThan(0.97);
    expect(intervals?.medianMae).toBeLessThan(model.scores.mae);
  });

  it('hold the totals of purchases and money by the ensemble, which knows that periods differ', () => {
    const { intervals } = scored('ensemble');
    expect(intervals?.totalPurchases.isCovered).toBe(true);
    expect(intervals?.totalSpend.isCovered).toBe(true);
  });
});
