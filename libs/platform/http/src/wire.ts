import { MAX_ID_LENGTH } from '@kiki/kernel';
import { z } from 'zod';

const MAX_MICROS = Number.MAX_SAFE_INTEGER;

/**
 * Money on the wire: a JSON integer number of micros (1e-6 of the currency beside it), answered with
 * `money_not_integer` or `money_out_of_range`. Make it a bigint with `microsFromWire`.
 * @param options.min smallest amount; 0 by default, `-2^53+1` for refunds
 */
export function wireMicros(options: { readonly min?: number; readonly description?: string } = {}) {
  const { min = 0, description = 'Integer number of micros (1e-6 of the currency).' } = options;
  const expected = `an integer number of micros from ${min} to ${MAX_MICROS}`;
  return z
    .number({ error: expected })
    .refine(Number.isInteger, {
      error: expected,
      params: { code: 'money_not_integer' },
      abort: true,
    })
    .refine((value) => value >= min && value <= MAX_MICROS, {
      error: expected,
      params: { code: 'money_out_of_range' },
    })
    .meta({
      type: 'integer',
      format: 'int64',
      minimum: min,
      maximum: MAX_MICROS,
      description,
      examples: [11_770_000],
    });
}

/** An ISO 4217 code such as `EUR`, answered with `currency_invalid`. */
export function wireCurrency() {
  const expected = 'three capital letters (ISO 4217) such as EUR';
  return z
    .string({ error: expected })
    .refine((text) => /^[A-Z]{3}$/.test(text), {
      error: expected,
      params: { code: 'currency_invalid' },
    })
    .meta({ pattern: '^[A-Z]{3}$', description: 'ISO 4217 currency.', examples: ['EUR'] });
}

/** The caller's own id of a thing: 1 to 128 characters without white space or control characters. */
export function wireId(description: string) {
  return z
    .string()
    .min(1)
    .max(MAX_ID_LENGTH)
    .regex(/^[^\s\p{Cc}\p{Cs}]+$/u, 'text without white space and control characters')
    .meta({ description });
}

/** An RFC 3339 instant with a zone; answers always say `Z`. */
export function wireInstant(description: string) {
  return z.iso.datetime({ offset: true }).meta({ description, examples: ['2026-01-31T12:00:00Z'] });
}

/** The two members of a list's query, to spread into its `z.strictObject`. */
export function pageQuery(options: { readonly max?: number; readonly default?: number } = {}) {
  const { max = 200, default: byDefault = 50 } = options;
  const expected = `a whole number from 1 to ${max}`;
  return {
    limit: z.coerce
      .number({ error: expected })
      .refine((value) => Number.isInteger(value) && value >= 1 && value <= max, expected)
      .default(byDefault)
      .meta({ type: 'integer', minimum: 1, maximum: max, description: 'Items per page.' }),
    cursor: z
      .string()
      .max(1024)
      .optional()
      .meta({ description: '`nextCursor` of the previous page.' }),
  };
}

/** The answer of a list: one page and the cursor of the next, null at the end. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** One page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
