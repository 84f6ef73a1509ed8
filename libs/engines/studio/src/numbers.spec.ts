/** Goal: a data-led creative shows a number as it was given and invents none. Method: texts and the numbers they hold. */
import { describe, expect, it } from '@jest/globals';
import { numbersIn, unsupportedNumbers } from './numbers.js';

describe('numbersIn', () => {
  it.each([
    ['30% lighter', ['30%']],
    ['Hot for 12 hours', ['12 hours']],
    ['From $9.99 or €12', ['$9.99', '€12']],
    ['1,500 mAh for 24h', ['1,500 mAh', '24h']],
    ['Model X200', []],
    ['In 2 Minuten', ['2 Minuten']],
    ['2 minutely things', ['2']],
    ['no number', []],
  ])('%s', (text, shown) => {
    expect(numbersIn(text).map((number) => number.shown)).toEqual(shown);
  });
});

describe('unsupportedNumbers', () => {
  it('finds numbers that no source has', () => {
    expect(unsupportedNumbers('95% of 12', ['12 hours'])).toEqual(['95']);
    expect(unsupportedNumbers('X200 and 1.500', ['X200', '1,500 pieces'])).toEqual([]);
  });
});
