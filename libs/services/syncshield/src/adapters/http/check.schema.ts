import { wireCurrency, wireId, wireMicros } from '@kiki/http';
import { z } from 'zod';
import { MAX_ACQUISITIONS } from '../../domain/hold-context.js';
import { HoldContextBody } from './hold-context.schema.js';
import { DenialAnswer } from './holds.schema.js';
import { HoldReasonText } from './shared.schema.js';

const expected = `a whole number of micros from 0 to ${Number.MAX_SAFE_INTEGER}`;

/** Micros in a query, where everything is text. */
const queryMicros = (description: string) =>
  z.coerce
    .number({ error: expected })
    .refine(Number.isSafeInteger, { error: expected, params: { code: 'money_not_integer' } })
    .refine((value) => value >= 0, { error: expected, params: { code: 'money_out_of_range' } })
    .meta({
      ...{ type: 'integer', format: 'int64', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      description,
    });

const { channel, geo, campaignId, publisher, customerId } = HoldContextBody.shape;

/** Query of GET /check. */
export const CheckQuery = z.strictObject({
  budgetId: wireId('The budget; every budget above it is asked too.'),
  amountMicros: queryMicros('What you would hold, micros.'),
  currency: wireCurrency().optional(),
  // What policies judge, as in `context` of a hold.
  ...{ channel, geo, campaignId, publisher, customerId },
  bidMicros: queryMicros('What is bid for one impression or action.').optional(),
  predictedLtvMicros: queryMicros('What the customer is predicted to be worth.').optional(),
  acquisitions: z.coerce
    .number()
    .int()
    .min(0)
    .max(MAX_ACQUISITIONS)
    .optional()
    .meta({ description: 'Acquisitions that the money would pay for.' }),
});

const CheckAnswer = z.object({
  allowed: z.boolean(),
  reason: HoldReasonText,
  headroomMicros: wireMicros({
    description: 'The smallest room on the path now; 0 when a budget is paused or stopped.',
  }),
});

/** Answer of GET /check. */
export const CheckAdvice = CheckAnswer.extend({
  isAdvice: z
    .literal(true)
    .meta({ description: 'Nothing is held or counted: the next hold may be answered otherwise.' }),
  policyVersion: z.int().nullable().meta({ description: 'The policy that was asked.' }),
  denial: DenialAnswer.nullable().meta({ description: 'What would say no.' }),
});

/** Answer of POST /check. */
export const CheckHoldAnswer = CheckAnswer.extend({
  holdId: z.string().meta({ description: 'The decided hold; it holds money when allowed.' }),
});
