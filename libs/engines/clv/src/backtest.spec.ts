/**
 * Goal: each metric is the one that its definition says. Method: cases small enough to work out by hand, and
 * invariances.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { scoreForecast } from './backtest.js';

const ids = (n: number): string[] =>
  Array.from({ length: n }, (_, i) => String(i).padStart(3, '0'));

describe('scoreForecast', () => {
  it('gives a perfect forecast perfect marks', () => {
    const actual = Float64Array.from({ length: 20 }, (_, i) => i + 1);
    const scores = scoreForecast(ids(20), actual.slice(), actual);
    expect(scores).toMatchObject({ mae: 0, rmse: 0, msle: 0, bias: 0, decileMape: 0 });
    expect(scores.pearson).toBeCloseTo(1, 12);
    expect(scores.spearman).toBeCloseTo(1, 12);
    expect(scores.normalizedGini).toBeCloseTo(1, 12);
  });

  it('works out a case by hand', () => {
    const scores = scoreForecast(
      ['a', 'b', 'c'],
      Float64Array.of(1, 3, 0),
      Float64Array.of(2, 0, 0),
    );
    expect(scores.mae).toBeCloseTo(4 / 3, 12);
    expect(scores.rmse).toBeCloseTo(Math.sqrt(10 / 3), 12);
    expect(scores.msle).toBeCloseTo((Math.log(2 / 3) ** 2 + Math.log(4) ** 2) / 3, 12);
    expect(scores.bias).toBe(1);
    // Predicted order b, a, c: cumulative shares 0, 1, 1 = 2; perfect order 3; both minus (n + 1) / 2 = 2.
    expect(scores.normalizedGini).toBeCloseTo(0, 12);
    expect(scores.spearman).toBeCloseTo(0, 12);
    expect(scores.decileMape).toBeNull();
  });

  it('breaks ties by the id as a string and cuts deciles at floors', () => {
    const n = 25;
    const names = ids(n);
    const actual = Float64Array.from({ length: n }, (_, i) => (i < 2 ? 5 : 1));
    const { deciles } = scoreForecast(names, new Float64Array(n).fill(1), actual);
    expect(deciles.map(({ customers }) => customers)).toEqual([2, 3, 2, 3, 2, 3, 2, 3, 2, 3]);
    expect(deciles[0]).toMatchObject({ decile: 1, predicted: 2, actual: 10 });
    expect(deciles[1]?.actual).toBe(3);
  });

  it('does not depend on the order of the customers, to the last bit', () => {
    const row = fc.tuple(
      fc.double({ min: 0, max: 9, noNaN: true }),
      fc.integer({ min: 0, max: 9 }),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), fc.nat(), (rows, turn) => {
        const names = ids(rows.length);
        const score = (order: number[]) =>
          scoreForecast(
            order.map((i) => names[i] ?? ''),
            Float64Array.from(order, (i) => rows[i]?.[0] ?? 0),
            Float64Array.from(order, (i) => rows[i]?.[1] ?? 0),
          );
        const order = rows.map((_, i) => i);
        const turned = order.map((i) => (i + turn) % rows.length).reverse();
        expect(score(turned)).toEqual(score(order));
      }),
    );
  });

  it('says nothing where there is nothing to say', () => {
    const scores = scoreForecast(['a'], Float64Array.of(1), Float64Array.of(0));
    expect(scores).toMatchObject({ bias: null, pearson: null, normalizedGini: null });
    expect(scoreForecast([], new Float64Array(0), new Float64Array(0))).toMatchObject({ mae: 0 });
  });
});
