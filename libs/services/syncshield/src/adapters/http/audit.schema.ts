import { z } from 'zod';

const wholeNumber = (range: { min: number; max: number; default: number }, description: string) => {
  const expected = `a whole number from ${range.min} to ${range.max}`;
  return z.coerce
    .number({ error: expected })
    .refine((n) => Number.isInteger(n) && n >= range.min && n <= range.max, expected)
    .default(range.default)
    .meta({ type: 'integer', minimum: range.min, maximum: range.max, description });
};

/** Query of GET /v1/audit. */
export const AuditQuery = z.strictObject({
  after: wholeNumber(
    { min: -1, max: Number.MAX_SAFE_INTEGER, default: -1 },
    'Sequence number to start after.',
  ),
  limit: wholeNumber({ min: 1, max: 1000, default: 100 }, 'Records per page.'),
});

/** Answer of GET /v1/audit. */
export const AuditAnswer = z.object({
  items: z.array(
    z.object({
      seq: z.int().meta({ description: 'Dense, in order of commit, from 0.' }),
      record: z.string().meta({ description: 'Canonical JSON, byte for byte as stored.' }),
    }),
  ),
  nextAfter: z
    .int()
    .nullable()
    .meta({ description: '`after` of the next page; null when the log ends here.' }),
});
