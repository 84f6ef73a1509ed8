import { kernelErrors, MICROS_PER_UNIT } from '@kiki/kernel';

const DECIMAL = /^(\d{1,12})(?:\.(\d{1,18}))?$/;

/**
 * A clearing price in units of the currency as whole micros, rounded up once: `0.0042173` is 4218 micros. What was
 * really paid is never above the result, so budgets err on the safe side; every later step uses this number.
 * @throws money_not_integer
 */
export function clearingMicros(price: string, field = 'price'): bigint {
  const match = DECIMAL.exec(price);
  if (!match) {
    throw kernelErrors.money_not_integer(`"${price}" is not a price.`, {
      fields: [{ field, expected: 'a decimal such as 0.004217388, at most 18 decimals' }],
    });
  }
  const [, units = '0', fraction = ''] = match;
  const hasRest = /[1-9]/.test(fraction.slice(6));
  const micros = BigInt(units) * MICROS_PER_UNIT + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  return hasRest ? micros + 1n : micros;
}
