import { wireCurrency, wireId, wireMicros } from '@kiki/http';
import { z } from 'zod';
import { HoldReasonText } from './shared.schema.js';

const expected = `a whole number of micros from 0 to ${Number.MAX_SAFE_INTEGER}`;

/** Query of GET /check. */
export const CheckQuery = z.strictObject({
  budgetId: wireId('The budget; every budget above it is asked too.'),
  amountMicros: z.coerce
    .number({ error: expected })
    .refine(Number.isSafeInteger, { error: expected, params: { code: 'money_not_integer' } })
    .refine((value) => value >= 0, { error: expected, params: { code: 'money_out_of_range' } })
    .meta({
      type: 'integer',
      format: 'int64',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'What you would hold, micros.',
    }),
  currency: wireCurrency().optional(),
});

/** Answer of GET /check. */
export const CheckAnswer = z.object({
  allowed: z.boolean(),
  reason: HoldReasonText,
  headroomMicros: wireMicros({
    description: 'The smallest room on the path now; 0 when a budget is paused.',
  }),
});

/** Answer of POST /check. */
export const CheckHoldAnswer = CheckAnswer.extend({
  holdId: z.string().meta({ description: 'The decided hold; it holds money when allowed.' }),
});
