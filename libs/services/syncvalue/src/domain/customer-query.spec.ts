/**
 * Goal: statistics that nobody can have are refused by the name of their field. Method: a possible customer, changed in
 * one number at a time.
 */
import { describe, expect, it } from '@jest/globals';
import { MAX_AGE_DAYS, queryProblem, type KnownStatistics } from './customer-query.js';

const POSSIBLE: KnownStatistics = { repeatPurchases: 2, recencyDays: 30, ageDays: 90 };

function fieldOf(change: Partial<KnownStatistics>): string | undefined {
  return queryProblem({ statistics: { ...POSSIBLE, ...change } })?.field;
}

describe('queryProblem', () => {
  it('takes ages up to two centuries, and names the bound beyond', () => {
    expect(fieldOf({ ageDays: MAX_AGE_DAYS })).toBeUndefined();
    for (const ageDays of [MAX_AGE_DAYS + 1, 2 ** 52, Infinity, -1, NaN]) {
      expect([ageDays, fieldOf({ ageDays })]).toEqual([ageDays, 'age_days']);
    }
    const statistics = { ...POSSIBLE, ageDays: 2 ** 52 };
    expect(queryProblem({ statistics })).toMatchObject({
      ...{ code: 'statistics_invalid', message: expect.stringContaining('73050') },
    });
  });

  it('names recency and spend', () => {
    expect(fieldOf({ recencyDays: 91 })).toBe('recency_days');
    expect(fieldOf({ recencyDays: 0 })).toBe('recency_days');
    expect(fieldOf({ repeatPurchases: 0 })).toBe('recency_days');
    expect(fieldOf({ meanRepeatSpendMicros: -1n })).toBe('mean_repeat_spend_micros');
    expect(queryProblem(undefined)?.field).toBe('subject');
  });
});
