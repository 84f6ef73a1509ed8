/**
 * Goal: an interpolated forecast is the computed one. Method: random models of every kind, options and customers, from
 * new to a century old; a memo that is asked in between.
 */
import { describe, expect, it } from '@jest/globals';
import { PurchaseForecaster, purchaseKind, type PurchaseModel } from '@kiki/clv';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { LivingMemo } from './living-memo.js';
import { LivingTable, MAX_TABLED_FREQUENCY, timeScaleOf } from './living-table.js';

const parameter = fc.double({ min: -2.5, max: 3, noNaN: true }).map((x) => 10 ** x);
const model = fc
  .record({
    kind: fc.constantFrom(
      'bg_nbd' as const,
      'mbg_nbd' as const,
      'pareto_nbd' as const,
      'nbd' as const,
    ),
    values: fc.array(parameter, { minLength: 4, maxLength: 4 }),
    timeUnit: fc.constantFrom('day' as const, 'week' as const, 'month' as const),
  })
  .map(({ kind, values, timeUnit }) => {
    const { parameterNames } = purchaseKind(kind);
    const parameters = Object.fromEntries(parameterNames.map((name, i) => [name, values[i]]));
    return { kind, timeUnit, parameters, parameterNames } as unknown as PurchaseModel;
  });
const options = fc.record({
  horizonDays: fc.double({ min: 1, max: 3_650, noNaN: true }),
  annualDiscountRate: fc.constantFrom(0, 0.1, 1),
});
const frequency = fc.nat({ max: MAX_TABLED_FREQUENCY });
const age = fc.double({ min: 0, max: 36_525, noNaN: true });

describe('LivingTable', () => {
  it('is the direct computation', () => {
    fc.assert(
      fc.property(model, options, frequency, age, (fitted, asked, x, ageDays) => {
        const purchases = new PurchaseForecaster(fitted);
        const row = { frequency: x, recency: 0, age: ageDays / purchases.daysPerUnit };
        const found = new LivingTable(purchases, asked, timeScaleOf(fitted)).of({
          ...row,
          spendMeanMicros: undefined,
        });
        const direct = purchases.ifAlive(row, asked);
        for (const name of ['purchasesIfAlive', 'discountFactor', 'activeIfAlive'] as const) {
          const error = Math.abs(found[name] - direct[name]);
          expect(error).toBeLessThanOrEqual(1e-10 * direct[name]);
        }
      }),
      { seed: testSeed(), numRuns: 500 },
    );
  });

  const bgNbd = (timeUnit: 'day' | 'week'): PurchaseModel =>
    ({
      ...{ kind: 'bg_nbd', timeUnit, parameterNames: ['r', 'alpha', 'a', 'b'] },
      parameters: { r: 0.24, alpha: 4.4, a: 0.8, b: 2.4 },
    }) as unknown as PurchaseModel;
  const asked = { horizonDays: 365.25, annualDiscountRate: 0.1 };

  it('is off by no more than the direct computation where that loses digits', () => {
    const between = (low: number, high: number) =>
      fc.double({ min: Math.log(low), max: Math.log(high), noNaN: true }).map(Math.exp);
    const leaving = fc
      .record({
        kind: fc.constantFrom('bg_nbd' as const, 'mbg_nbd' as const),
        values: fc.tuple(
          between(0.03, 30),
          between(0.005, 0.05),
          between(6, 26),
          between(0.01, 300),
        ),
      })
      .map(({ kind, values }) => {
        const { parameterNames } = purchaseKind(kind);
        const parameters = Object.fromEntries(parameterNames.map((name, i) => [name, values[i]]));
        return { kind, timeUnit: 'week', parameters, parameterNames } as unknown as PurchaseModel;
      });
    const asked = fc.record({
      horizonDays: fc.double({ min: 1, max: 2000, noNaN: true }),
      annualDiscountRate: fc.constantFrom(0.1, 1),
    });
    fc.assert(
      fc.property(leaving, asked, frequency, between(1e-4, 2000), (fitted, options, x, ageDays) => {
        const purchases = new PurchaseForecaster(fitted);
        const row = { frequency: x, recency: 0, age: ageDays / purchases.daysPerUnit };
        const found = new LivingTable(purchases, options, timeScaleOf(fitted)).of({
          ...row,
          spendMeanMicros: undefined,
        });
        const direct = purchases.ifAlive(row, options);
        for (const name of ['purchasesIfAlive', 'discountFactor', 'activeIfAlive'] as const) {
          expect(Math.abs(found[name] / direct[name] - 1)).toBeLessThan(1e-5);
        }
      }),
      { seed: testSeed(), numRuns: 60 },
    );
  });

  it('is for parts of days only: whole ones are computed as a fit computes them', () => {
    const fitted = bgNbd('week');
    const purchases = new PurchaseForecaster(fitted);
    const memo = new LivingMemo(purchases, asked, fitted);
    for (let day = 0; day < 700; day++) {
      const row = { frequency: day % 9, recency: 0, age: day / 7, spendMeanMicros: undefined };
      expect(memo.of(row)).toEqual(purchases.ifAlive(row, asked));
    }
  });

  it('confuses no customers, however old', () => {
    const fitted = bgNbd('day');
    const purchases = new PurchaseForecaster(fitted);
    const memo = new LivingMemo(purchases, asked, fitted);
    for (const age of [2 ** 46, 2 ** 47, 2 ** 48, 2 ** 52]) {
      for (let frequency = 0; frequency <= 5; frequency++) {
        const row = { frequency, recency: 0, age, spendMeanMicros: undefined };
        expect(memo.of(row)).toEqual(purchases.ifAlive(row, asked));
      }
    }
  });
});
