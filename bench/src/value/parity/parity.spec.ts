/**
 * Goal: a number outside its tolerance is seen, one inside is not, and the two scores are the reference's. Method: rows
 * and orders small enough to work out by hand.
 */
import { describe, expect, it } from '@jest/globals';
import { ascendingDecileMape, rectangleGini } from './holdout-scores.js';
import { agrees, ParityGroup, parityTable, PRINTED, SHOWN } from './parity-row.js';

function verdict(ours: number | null, reference: string, how: object): boolean {
  const group = new ParityGroup('group');
  group.add('number', ours, reference, how);
  return group.rows.every(agrees);
}

describe('a row', () => {
  it.each<[number | null, string, object, boolean]>([
    [1.2264, '1.226', PRINTED, true],
    [1.2266, '1.226', PRINTED, false],
    [1.07872e-7, '1.07869e-07', PRINTED, false],
    [1.078694e-7, '1.07869e-07', PRINTED, true],
    [2357, '2357', PRINTED, true],
    [2357.01, '2357', PRINTED, false],
    [-9594.9768, '-9594.976', { absolute: 1e-3 }, true],
    [-9594.9772, '-9594.976', { absolute: 1e-3 }, false],
    [-33225.5845, '-33225.58', { absolute: 1e-3 }, true],
    [11.73, '11.67', { relative: 5e-3 }, false],
    [11.72, '11.67', { relative: 5e-3 }, true],
    [null, '1.2', PRINTED, false],
    [NaN, '0', SHOWN, false],
    [7, '1.2', SHOWN, true],
  ])('of %p beside %p with %p: %p', (ours, reference, how, expected) => {
    expect(verdict(ours, reference, how)).toBe(expected);
  });

  it('is a line of the table, marked when outside', () => {
    const group = new ParityGroup('group');
    group.addAll('x', ['a', 'b'], (i) => 1 + i / 2, ['1.00', '1.20'], PRINTED);
    expect(parityTable(group.rows)).toEqual([
      'number  ours  reference  difference  tolerance',
      'x [a]      1          1      0.0e+0     5.0e-3',
      'x [b]    1.5        1.2      3.0e-1     5.0e-3  OUTSIDE',
    ]);
  });
});

describe('the scores of the reference', () => {
  it('cut ascending predictions into tenths, the first ones larger', () => {
    const predicted = Float64Array.from({ length: 12 }, (_, i) => i + 1);
    const actual = predicted.map((value) => value * 2);
    expect(ascendingDecileMape(predicted, actual)).toBeCloseTo(0.5, 12);
    // Groups 1 2 | 3 4 | 5 | … | 12: only the first is wrong.
    const other = predicted.slice();
    other[0] = 4;
    expect(ascendingDecileMape(predicted, other)).toBeCloseTo(0.05, 12);
  });

  it('normalise Gini by the perfect order', () => {
    const actual = Float64Array.of(3, 0, 1);
    expect(rectangleGini(Float64Array.of(9, 1, 2), actual)).toBeCloseTo(1, 12);
    // Shares 1/4, 1/4, 1 less 3/2 over 3/4, 1, 1 less 3/2.
    expect(rectangleGini(Float64Array.of(0, 1, 2), actual)).toBeCloseTo(0 / 1.25, 12);
  });
});
