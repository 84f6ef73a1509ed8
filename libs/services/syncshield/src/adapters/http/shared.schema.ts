import { wireMicros } from '@kiki/http';
import { z } from 'zod';

/** Text that is kept as it is: no control characters, no broken Unicode. */
export function plainText(maxLength: number, description: string) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'text without control characters')
    .meta({ description });
}

/** A whole number of milliseconds. */
export function durationMs(range: { min: number; max: number }, description: string) {
  const expected = `a whole number of milliseconds from ${range.min} to ${range.max}`;
  return z.int({ error: expected }).min(range.min, expected).max(range.max, expected).meta({
    description,
  });
}

/** A list that one transaction can decide, answered with `batch_too_large`. */
export function batchOf<T extends z.ZodType>(item: T, max: number) {
  const expected = `at most ${max} items`;
  return z
    .array(item)
    .min(1, 'at least one item')
    .refine((items) => items.length <= max, {
      error: expected,
      params: { code: 'batch_too_large' },
    })
    .meta({ minItems: 1, maxItems: max });
}

/** Error of one item of a batch; the other items are not touched by it. */
export const ItemError = z.object({
  code: z.string().meta({ description: 'Stable; listed in docs/errors.md.' }),
  detail: z.string(),
  fields: z.array(z.object({ field: z.string(), expected: z.string() })).optional(),
});

/** Why a hold was decided so. */
export const HoldReasonText = z.enum([
  'within_limits',
  'cap_exceeded',
  'budget_paused',
  'policy_denied',
  'kill_switch',
]);

/** Kinds of caps. */
export const CapKindText = z.enum([
  'total',
  'calendar_day',
  'calendar_week',
  'calendar_month',
  'sliding_window',
  'rate',
]);

/** What a cap counts: money, or approved holds. */
export const CapMeasureText = z.enum(['micros', 'actions']);

/** A number of approved holds of an answer that is null when it does not apply. */
export const nullableActions = (description: string) => z.int().nullable().meta({ description });

/** An amount of an answer that is null when it does not apply. */
export const nullableMicros = (description: string) => wireMicros({ description }).nullable();

/** What is spent; negative when more came back than was spent. */
export const wireSpent = (description: string) =>
  wireMicros({ min: -Number.MAX_SAFE_INTEGER, description });
