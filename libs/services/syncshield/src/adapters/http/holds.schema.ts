import { pageOf, pageQuery, wireCurrency, wireId, wireInstant, wireMicros } from '@kiki/http';
import { z } from 'zod';
import { MAX_BATCH } from '../../application/ledger.js';
import {
  DEFAULT_EXPIRES_IN_MS,
  DEFAULT_GRACE_MS,
  MAX_EXPIRES_IN_MS,
  MAX_GRACE_MS,
} from '../../domain/hold.js';
import { HoldContextBody } from './hold-context.schema.js';
import {
  batchOf,
  CapKindText,
  durationMs,
  HoldReasonText,
  CapMeasureText,
  ItemError,
  nullableActions,
  nullableMicros,
  plainText,
  wireSpent,
} from './shared.schema.js';

const StateText = z.enum(['held', 'captured', 'voided', 'expired', 'denied']);

/** Takes a part of what is left instead of a fixed amount. */
const ElasticBody = z.strictObject({
  atLeastMicros: wireMicros({ min: 1, description: 'Less than this is denied.' }),
  headroomDivisor: z
    .int()
    .min(1)
    .max(1_000_000)
    .meta({ description: 'At most the smallest headroom divided by this is granted.' }),
});

const HoldFields = z.strictObject({
  id: wireId('Your id of the hold, unique per tenant: repeating it returns the first answer.'),
  budgetId: wireId('The budget; every budget above it is asked too.'),
  amountMicros: wireMicros({ min: 1, description: 'What may be spent at most.' }),
  currency: wireCurrency(),
  expiresInMs: durationMs(
    { min: 1, max: MAX_EXPIRES_IN_MS },
    'How long you mean to take to settle, from the decision on.',
  ).default(DEFAULT_EXPIRES_IN_MS),
  graceMs: durationMs(
    { min: 0, max: MAX_GRACE_MS },
    'How much longer the money stays reserved for late notices.',
  ).default(DEFAULT_GRACE_MS),
  purpose: plainText(200, 'What it is for; no personal data.').optional(),
  reference: plainText(200, 'Your own reference; no personal data.').optional(),
  context: HoldContextBody.optional(),
  elastic: ElasticBody.optional(),
});

/** Body of POST /v1/holds and POST /check. */
export const HoldBody = HoldFields.refine(
  ({ amountMicros, elastic }) => elastic === undefined || elastic.atLeastMicros <= amountMicros,
  { path: ['elastic', 'atLeastMicros'], error: 'at most `amountMicros`' },
);

/** Body of POST /v1/holds/batch. */
export const HoldsBody = z.strictObject({ holds: batchOf(HoldBody, MAX_BATCH) });

/** What stood in the way of a hold. */
export const DenialAnswer = z.object({
  budgetId: z.string().meta({ description: 'The budget that said no, itself or one above.' }),
  capId: z.string().nullable(),
  kind: CapKindText.nullable(),
  limitMicros: nullableMicros('Limit of the cap when it was asked.'),
  spentMicros: wireSpent('Spent then.').nullable(),
  heldMicros: nullableMicros('Held then.'),
  headroomMicros: nullableMicros('Room left then.'),
  measure: CapMeasureText.nullable(),
  limitActions: nullableActions('Limit of a cap on approved holds.'),
  usedActions: nullableActions('Approved then.'),
  windowFrom: wireInstant('From when the cap counted; null when for ever.').nullable(),
  windowTo: wireInstant('Until when it counted; null when for ever.').nullable(),
  ruleId: z.string().nullable().meta({ description: 'The policy rule that said no.' }),
  policyVersion: z.int().nullable(),
  values: z.record(z.string(), z.string()).meta({ description: 'What else explains it.' }),
});

/** A decided hold. */
export const HoldAnswer = z.object({
  id: z.string(),
  decision: z.enum(['approved', 'denied']),
  reason: HoldReasonText,
  budgetId: z.string(),
  amountMicros: wireMicros({ description: 'What was granted.' }),
  requestedMicros: wireMicros({ description: 'What was asked for.' }),
  currency: wireCurrency(),
  state: StateText,
  capturedMicros: wireMicros({ description: 'Taken from the hold.' }),
  lateMicros: wireMicros({ description: 'Spent although the hold did not cover it.' }),
  refundedMicros: wireMicros({ description: 'Came back of what was captured or late.' }),
  decidedAt: wireInstant('When it was decided.'),
  expiresAt: wireInstant('Your deadline; null when denied.').nullable(),
  releaseAt: wireInstant('When the money is given back; null when denied.').nullable(),
  denial: DenialAnswer.nullable(),
});

/** Answer of POST /v1/holds/batch: one result per hold, in order. */
export const HoldsAnswer = z.object({
  results: z.array(z.object({ hold: HoldAnswer.optional(), error: ItemError.optional() })),
});

/** Path of one hold. */
export const HoldPath = z.strictObject({ id: wireId('Id of the hold.') });

/** Query of GET /v1/holds. */
export const HoldQuery = z.strictObject({
  budgetId: wireId('Id of the budget.'),
  state: StateText.optional(),
  ...pageQuery({ max: 1000, default: 100 }),
});

/** Answer of GET /v1/holds. */
export const HoldPage = pageOf(HoldAnswer);
