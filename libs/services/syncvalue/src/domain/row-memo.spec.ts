/**
 * Goal: what is kept is what would be computed, and nobody gets another's. Method: a forecaster that tells rows apart, by
 * fast-check, with whole days and without.
 */
import { describe, expect, it } from '@jest/globals';
import type { Forecaster, LivingForecast, ValuedCustomer } from '@kiki/clv';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { RowMemo } from './row-memo.js';

const OPTIONS = { horizonDays: 365.25, annualDiscountRate: 0.1 };

function answerTo({ frequency, recency, age }: ValuedCustomer): LivingForecast {
  const purchasesIfAlive = frequency + Math.sin(recency) + Math.cos(age * 3);
  return { purchasesIfAlive, discountFactor: 1, activeIfAlive: 1 };
}

function setUp(): { memo: RowMemo; asked: () => number } {
  let count = 0;
  const ifAlive = (row: ValuedCustomer): LivingForecast => {
    count++;
    return answerTo(row);
  };
  const forecaster = { daysPerUnit: 7, ifAlive } as unknown as Forecaster;
  return { memo: new RowMemo(forecaster, OPTIONS), asked: () => count };
}

describe('RowMemo', () => {
  it('answers as the model does, and asks once for a history in whole days', () => {
    const days = fc.oneof(fc.nat(2 ** 18), fc.nat(40));
    const row = fc.record({
      frequency: fc.nat(1100),
      recency: days,
      age: days,
      part: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
        const { memo } = setUp();
        for (const { part, ...times } of [...rows, ...rows]) {
          const customer = {
            frequency: times.frequency,
            recency: times.recency / 7 + (part ? 0.01 : 0),
            age: times.age / 7,
            spendMeanMicros: undefined,
          };
          expect(memo.of(customer)).toEqual(answerTo(customer));
        }
      }),
      { seed: testSeed(), numRuns: 300 },
    );
    const { memo, asked } = setUp();
    const customer = { frequency: 2, recency: 10 / 7, age: 31 / 7, spendMeanMicros: undefined };
    memo.of(customer);
    memo.of({ ...customer, spendMeanMicros: 5 });
    expect(asked()).toBe(1);
    memo.of({ ...customer, age: 31.5 / 7 });
    memo.of({ ...customer, age: 31.5 / 7 });
    expect(asked()).toBe(3);
  });
});
