import { errors } from './errors.js';

/** Micros in one unit of a currency. */
export const MICROS_PER_UNIT = 1_000_000n;

/** An exact amount: an integer number of micros (1e-6) of an ISO 4217 currency. */
export interface Money {
  readonly micros: bigint;
  /** ISO 4217, e.g. `USD`. */
  readonly currency: string;
}

const CURRENCY = /^[A-Z]{3}$/;
const MAX_WIRE = BigInt(Number.MAX_SAFE_INTEGER);

/** Checks an ISO 4217 shape. @throws currency_invalid */
export function currencyOf(code: string): string {
  if (!CURRENCY.test(code)) {
    throw errors.currency_invalid(undefined, {
      fields: [{ field: 'currency', expected: 'three capital letters (ISO 4217)' }],
    });
  }
  return code;
}

/** An amount of money. @throws currency_invalid */
export function money(micros: bigint, currency: string): Money {
  return { micros, currency: currencyOf(currency) };
}

function sameCurrency(a: Money, b: Money): string {
  if (a.currency !== b.currency) {
    throw errors.currency_mismatch(`${a.currency} and ${b.currency} cannot be combined.`);
  }
  return a.currency;
}

/** a + b. @throws currency_mismatch */
export function addMoney(a: Money, b: Money): Money {
  return { micros: a.micros + b.micros, currency: sameCurrency(a, b) };
}

/** a − b. @throws currency_mismatch */
export function subtractMoney(a: Money, b: Money): Money {
  return { micros: a.micros - b.micros, currency: sameCurrency(a, b) };
}

/** Micros as a JSON integer. @throws money_out_of_range beyond ±(2^53−1) */
export function microsToWire(micros: bigint): number {
  if (micros > MAX_WIRE || micros < -MAX_WIRE) throw errors.money_out_of_range();
  return Number(micros);
}

/** A JSON integer as micros. @throws money_not_integer, money_out_of_range */
export function microsFromWire(value: number, field = 'micros'): bigint {
  const fields = [{ field, expected: 'an integer number of micros, |x| ≤ 2^53−1' }];
  if (!Number.isInteger(value)) throw errors.money_not_integer(undefined, { fields });
  if (!Number.isSafeInteger(value)) throw errors.money_out_of_range(undefined, { fields });
  return BigInt(value);
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?$/;

/**
 * Reads a decimal text such as `11.77` exactly; more than six decimals are refused unless they are zeros.
 * @throws money_not_integer
 */
export function microsFromDecimal(text: string, field = 'amount'): bigint {
  const match = DECIMAL.exec(text.trim());
  const fraction = match?.[3] ?? '';
  if (!match || /[1-9]/.test(fraction.slice(6))) {
    throw errors.money_not_integer(`"${text}" is not an amount with at most six decimals.`, {
      fields: [{ field, expected: 'a decimal number with at most six decimals' }],
    });
  }
  const micros =
    BigInt(match[2] ?? '0') * MICROS_PER_UNIT + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  return match[1] === '-' ? -micros : micros;
}

/** Prints micros as a decimal with two to six decimals, e.g. `11.77`. */
export function microsToDecimal(micros: bigint): string {
  const absolute = micros < 0n ? -micros : micros;
  const fraction = (absolute % MICROS_PER_UNIT)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  return `${micros < 0n ? '-' : ''}${absolute / MICROS_PER_UNIT}.${fraction}`;
}

/**
 * Rounds a double to whole micros, ties to even: the one place where a model's value becomes money.
 * @throws money_out_of_range for NaN, infinities and |x| > 2^53−1
 */
export function roundHalfEven(value: number): bigint {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw errors.money_out_of_range();
  }
  const floor = Math.floor(value);
  const rest = value - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return BigInt(up ? floor + 1 : floor);
}
