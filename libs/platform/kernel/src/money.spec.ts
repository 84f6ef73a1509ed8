/** Goal: no amount is ever changed by reading, printing or rounding it. Method: round trips over random amounts. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addMoney,
  microsFromDecimal,
  microsFromWire,
  microsToDecimal,
  microsToWire,
  money,
  roundHalfEven,
  subtractMoney,
} from './money.js';

const micros = fc.bigInt({ min: -(2n ** 53n) + 1n, max: 2n ** 53n - 1n });

describe('money', () => {
  it('prints and reads back every amount unchanged', () => {
    fc.assert(fc.property(micros, (x) => microsFromDecimal(microsToDecimal(x)) === x));
    fc.assert(fc.property(micros, (x) => microsFromWire(microsToWire(x)) === x));
  });

  it('reads what shops write', () => {
    expect(microsFromDecimal('11.77')).toBe(11_770_000n);
    expect(microsFromDecimal(' 12 ')).toBe(12_000_000n);
    expect(microsFromDecimal('-0.5')).toBe(-500_000n);
    expect(microsFromDecimal('1.1000000000')).toBe(1_100_000n);
  });

  it.each(['', 'NaN', '1,5', '1e3', '0.0000001', '--1', '.5', 'Infinity'])('refuses %p', (text) => {
    expect(() => microsFromDecimal(text)).toThrow(
      expect.objectContaining({ code: 'money_not_integer' }),
    );
  });

  it('refuses floats and amounts beyond 2^53-1 on the wire', () => {
    expect(() => microsFromWire(0.5)).toThrow(
      expect.objectContaining({ code: 'money_not_integer' }),
    );
    expect(() => microsFromWire(NaN)).toThrow(
      expect.objectContaining({ code: 'money_not_integer' }),
    );
    expect(() => microsFromWire(2 ** 53)).toThrow(
      expect.objectContaining({ code: 'money_out_of_range' }),
    );
    expect(() => microsToWire(2n ** 53n)).toThrow(
      expect.objectContaining({ code: 'money_out_of_range' }),
    );
  });

  it('rounds ties to even, symmetrically', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, -2.5001].map(roundHalfEven)).toEqual([
      0n,
      2n,
      2n,
      0n,
      -2n,
      2n,
      -3n,
    ]);
    const half = fc.integer({ min: -1_000_000, max: 1_000_000 });
    fc.assert(fc.property(half, (n) => roundHalfEven(n + 0.5) % 2n === 0n));
    fc.assert(
      fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (x) => {
        return (
          Math.abs(Number(roundHalfEven(x)) - x) <= 0.5 && roundHalfEven(-x) === -roundHalfEven(x)
        );
      }),
    );
    expect(() => roundHalfEven(NaN)).toThrow();
  });

  it('never mixes currencies', () => {
    expect(addMoney(money(1n, 'EUR'), money(2n, 'EUR'))).toEqual(money(3n, 'EUR'));
    expect(subtractMoney(money(1n, 'EUR'), money(2n, 'EUR'))).toEqual(money(-1n, 'EUR'));
    expect(() => addMoney(money(1n, 'EUR'), money(1n, 'USD'))).toThrow(
      expect.objectContaining({ code: 'currency_mismatch' }),
    );
    expect(() => money(1n, 'eur')).toThrow(expect.objectContaining({ code: 'currency_invalid' }));
  });
});
