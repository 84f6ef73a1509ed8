/**
 * Goal: whatever the log looks like, an ensemble is fitted and forecasts finite numbers, or says that there is not
 * enough data. Method: logs made up to be hard, and random ones from a few customers to many, quiet to daily.
 */
import { DomainError } from '@kiki/kernel';
import { describe, expect, it, jest } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { PurchaseLog } from '../purchase-log.js';
import { Ensemble } from './ensemble.js';
import { fitEnsemble } from './ensemble-fit.js';
import { forecastTotal } from './total-forecast.js';

// A busy machine decides nothing here.
jest.setTimeout(240_000);

const END = 400;

function logOf(customers: readonly (readonly number[])[]): PurchaseLog {
  const unique = customers.map((days) => [...new Set(days)].sort((a, b) => a - b));
  return PurchaseLog.of(
    unique.map((days, i) => ({ customerId: `c${i}`, days })),
    END,
  );
}

function many<T>(count: number, of: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => of(i));
}

/** True where the log was refused for want of data; anything else that is thrown fails. */
function isRefused(log: PurchaseLog): boolean {
  try {
    expectFinite(new Ensemble(fitEnsemble(log)), log);
    return false;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'clv_not_enough_data') return true;
    throw error;
  }
}

function expectFinite(ensemble: Ensemble, log: PurchaseLog): void {
  // JSON has no NaN and no Infinity: they would be null.
  expect(JSON.stringify(ensemble.model)).not.toContain('null');
  const table = log.table('week');
  const rows = table.customerIds.map((_, i) => ({
    frequency: table.frequency[i] ?? 0,
    recency: table.recency[i] ?? 0,
    age: table.age[i] ?? 0,
  }));
  for (const row of [...rows.slice(0, 20), { frequency: 1000, recency: 50, age: 57 }]) {
    const forecast = ensemble.forecast(row, { horizonDays: 365, annualDiscountRate: 0.1 });
    const { low, high } = ensemble.interval(row, { horizonDays: 91, level: 0.9 });
    for (const value of [...Object.values(forecast), low, high]) {
      expect(Number.isFinite(value) && value >= 0).toBe(true);
    }
    expect(forecast.aliveProbability).toBeLessThanOrEqual(1);
    expect(forecast.activeProbability).toBeLessThanOrEqual(1);
    expect(low).toBeLessThanOrEqual(high);
  }
  const { expected, quantiles } = forecastTotal(ensemble, rows, { horizonDays: 91, levels: [0.5] });
  for (const value of [expected, quantiles[0]?.purchases ?? NaN]) {
    expect(Number.isFinite(value) && value >= 0).toBe(true);
  }
}

describe('a log that is hard to learn from', () => {
  it.each<[string, number[][], boolean]>([
    ['of nobody', [], true],
    [
      'of two customers',
      [
        [0, 5, 9],
        [3, 50],
      ],
      true,
    ],
    ['of one-time buyers', many(150, (i) => [i]), true],
    ['with one who came back', many(150, (i) => (i === 0 ? [0, 50] : [i])), true],
    ['with three who came back', many(150, (i) => (i < 3 ? [i, 50 + i] : [i])), false],
    ['of daily buyers', many(30, (i) => many(END + 1 - i, (k) => i + k)), false],
    [
      'of customers who came on one day',
      many(120, (i) => (i % 3 ? [0, 10 + (i % 50)] : [0])),
      false,
    ],
    ['of all and nothing', many(40, (i) => (i % 2 ? many(END + 1, (k) => k) : [0])), false],
    [
      'of its last two weeks',
      many(60, (i) => (i % 2 ? [END - 12, END - (i % 9)] : [END - 13])),
      false,
    ],
  ])('%s', (_name, customers, refused) => {
    expect(isRefused(logOf(customers))).toBe(refused);
  });

  it('of any kind', () => {
    const days = fc.array(fc.integer({ min: 0, max: END }), { minLength: 1, maxLength: 12 });
    const regular = fc
      .tuple(fc.integer({ min: 0, max: END - 1 }), fc.integer({ min: 1, max: 60 }))
      .map(([first, gap]) => many(Math.ceil((END - first) / gap), (k) => first + k * gap));
    const once = fc.integer({ min: 0, max: END }).map((day) => [day]);
    const customers = fc.array(fc.oneof(days, regular, once), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(customers, (each) => {
        const isPoor = each.length < 10 || each.filter((d) => new Set(d).size > 1).length < 3;
        expect(isRefused(logOf(each))).toBe(isPoor);
      }),
      { numRuns: 20, seed: testSeed() },
    );
  });
});
