/** Goal: a clearing price is rounded up to whole micros, once. Method: examples, and a property against rationals. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clearingMicros } from './clearing-price.js';

describe('clearingMicros', () => {
  it.each<[string, bigint]>([
    ['0', 0n],
    ['0.000001', 1n],
    ['0.0000000001', 1n],
    ['0.004217388', 4218n],
    ['0.004217000', 4217n],
    ['1.999999000000000001', 2_000_000n],
    ['12', 12_000_000n],
    ['999999999999.999999999999999999', 1_000_000_000_000_000_000n],
  ])('reads %s as %s', (price, micros) => {
    expect(clearingMicros(price)).toBe(micros);
  });

  it.each(['', '-1', '1e3', '1.', '.5', ' 1', '1,5', 'NaN', '1.1234567890123456789'])(
    'refuses "%s"',
    (price) => {
      expect(() => clearingMicros(price)).toThrow(
        expect.objectContaining({ code: 'money_not_integer' }),
      );
    },
  );

  it('is the smallest number of micros that is not below the price', () => {
    const attos = fc.bigInt({ min: 0n, max: 10n ** 27n });
    fc.assert(
      fc.property(attos, (value) => {
        const fraction = (value % 10n ** 18n).toString().padStart(18, '0');
        const micros = clearingMicros(`${value / 10n ** 18n}.${fraction}`);
        return micros * 10n ** 12n >= value && (micros - 1n) * 10n ** 12n < value;
      }),
    );
  });
});
