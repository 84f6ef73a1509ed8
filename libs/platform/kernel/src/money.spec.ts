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

  it('rounds to the nearest whole number, whatever the double: never further than half, and to even on a tie', () => {
    // The exact value of a double as a fraction of bigints, so that the check itself never rounds.
    const exact = (x: number): { top: bigint; bottom: bigint } => {
      let bottom = 1n;
      let scaled = x;
      while (!Number.isInteger(scaled)) {
        scaled *= 2;
        bottom *= 2n;
      }
      return { top: BigInt(scaled), bottom };
    };
    const most = Number.MAX_SAFE_INTEGER;
    const wide = fc.double({ min: -most, max: most, noNaN: true });
    const near = fc
      .tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.constantFrom(0, 0.25, 0.5, 0.75))
      .map(([n, part]) => n + part);
    const close = fc.double({ min: -3, max: 3, noNaN: true }).filter((x) => Math.abs(x) > 1e-60);
    fc.assert(
      fc.property(fc.oneof(wide, near, close), (x) => {
        const rounded = roundHalfEven(x);
        const { top, bottom } = exact(x);
        const offTwice = 2n * (rounded * bottom - top);
        const distance = offTwice < 0n ? -offTwice : offTwice;
        expect(distance <= bottom).toBe(true);
        if (distance === bottom) expect(rounded % 2n).toBe(0n);
      }),
      { numRuns: 2000 },
    );
    expect(roundHalfEven(most)).toBe(BigInt(most));
    expect(roundHalfEven(-most)).toBe(-BigInt(most));
    for (const x of [most + 1, -most - 1, Infinity, -Infinity, NaN]) {
      expect(() => roundHalfEven(x)).toThrow(
        expect.objectContaining({ code: 'money_out_of_range' }),
      );
    }
  });

  it('reads every decimal text exactly, however its zeros are written', () => {
    const digits = fc.stringMatching(/^\d{1,18}$/);
    const fraction = fc.stringMatching(/^\d{0,6}$/);
    fc.assert(
      fc.property(
        fc.constantFrom('', '-', '+'),
        digits,
        fraction,
        fc.nat(9),
        (sign, whole, part, zeros) => {
          const text = `${sign}${whole}.${part}${part.length === 6 ? '0'.repeat(zeros) : ''}`;
          const size = BigInt(whole + part.padEnd(6, '0'));
          expect(microsFromDecimal(text)).toBe(sign === '-' ? -size : size);
        },
      ),
    );
    fc.assert(
      fc.property(digits, fraction, fc.integer({ min: 1, max: 9 }), (whole, part, rest) => {
        const tooFine = `${whole}.${part.padEnd(6, '0')}${rest}`;
        expect(() => microsFromDecimal(tooFine, 'price')).toThrow(
          expect.objectContaining({
            code: 'money_not_integer',
            details: { fields: [expect.objectContaining({ field: 'price' })] },
          }),
        );
      }),
    );
  });

  it('prints two to six decimals and no zero too many', () => {
    fc.assert(
      fc.property(micros, (x) => {
        expect(microsToDecimal(x)).toMatch(/^-?(0|[1-9]\d*)\.\d\d(\d{0,3}[1-9])?$/);
      }),
    );
    expect([0n, 5n, -1n, 1_100_000n, -12_345_678n].map(microsToDecimal)).toEqual([
      ...['0.00', '0.000005', '-0.000001', '1.10', '-12.345678'],
    ]);
  });

  it('adds and subtracts without loss', () => {
    fc.assert(
      fc.property(micros, micros, (a, b) => {
        const sum = addMoney(money(a, 'EUR'), money(b, 'EUR'));
        expect(subtractMoney(sum, money(b, 'EUR'))).toEqual(money(a, 'EUR'));
      }),
    );
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
