import { pageOf, pageQuery, wireCurrency, wireId, wireInstant, wireMicros } from '@kiki/http';
import { z } from 'zod';

const journey = {
  id: wireId('Your own id of the journey.'),
  name: z.string().min(1).max(200),
  segment: z.enum(['active', 'at_risk', 'lost']).meta({ description: 'Whom it is about.' }),
  offer: z.string().min(1).max(500).meta({ description: 'What `{{offer}}` says.' }),
  budgetId: wireId('Budget at SyncShield that pays.'),
  currency: wireCurrency(),
  costMicros: wireMicros({ min: 1, description: 'What one message costs, offer included.' }),
  holdoutShare: z
    .number()
    .min(0)
    .max(1)
    .meta({ description: 'Share that gets nothing, so that the rest can be compared.' }),
  subject: z.string().min(1).max(200).meta({ description: 'Template.' }),
  body: z.string().min(1).max(20_000).meta({
    description: 'Text template with {{customerId}}, {{offer}}, {{traits.name|default}}.',
  }),
};

/** Body of POST /v1/journeys. */
export const JourneyBody = z.strictObject({
  ...journey,
  salt: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .meta({ description: 'Salt of the holdout draw; default: random, fixed with the journey.' }),
  isActive: z.boolean().default(true),
});

/** A journey. */
export const JourneyAnswer = z.object({
  ...journey,
  salt: z.string(),
  isActive: z.boolean(),
  createdAt: wireInstant('When it was created.'),
});

/** Path of a journey. */
export const JourneyPath = z.strictObject({ id: wireId('Id of the journey.') });

/** Query of the lists. */
export const JourneyQuery = z.strictObject(pageQuery());

/** Answer of GET /v1/journeys. */
export const JourneyPage = pageOf(JourneyAnswer);

/** A run and how far it is. */
export const RunAnswer = z.object({
  runId: z.string(),
  journeyId: z.string(),
  state: z.enum(['queued', 'running', 'done', 'blocked', 'failed']).meta({
    description: '`blocked`: SyncValue did not vouch for the segment, nobody was messaged.',
  }),
  reason: z.string().nullable(),
  total: z.int().meta({ description: 'Customers to decide on.' }),
  processed: z.int(),
  requestedAt: wireInstant('When it was asked for.'),
  finishedAt: wireInstant('When it ended.').nullable(),
});

/** Path of a run. */
export const RunPath = z.strictObject({ id: z.uuid().meta({ description: 'Id of the run.' }) });

const ArmAnswer = z.object({
  customers: z.int(),
  converted: z.int().meta({ description: 'Customers with an order after their assignment.' }),
  orders: z.int(),
});

/** Answer of GET /v1/journeys/{id}/report: atRisk = heldOut + suppressed + messaged + pending. */
export const ReportAnswer = z.object({
  journeyId: z.string(),
  currency: wireCurrency(),
  atRisk: z.int().meta({ description: 'Customers that the journey has met.' }),
  heldOut: z.int(),
  suppressed: z.int(),
  messaged: z
    .int()
    .meta({ description: 'A real mail was taken by the mail server, or may have been.' }),
  pending: z.int().meta({ description: '0 once a run is done.' }),
  suppressedReasons: z.record(z.string(), z.int()),
  dryRun: z.object({
    messages: z.int().meta({ description: 'Would have been sent, were the channel live.' }),
    costMicros: wireMicros({ description: 'What they would have cost.' }),
  }),
  messageStates: z.record(z.string(), z.int()),
  spentMicros: wireMicros({ description: 'Cost of the mails that went out or may have.' }),
  unsettled: z.int().meta({ description: 'Holds whose end SyncShield has not confirmed.' }),
  arms: z.object({ holdout: ArmAnswer, treatment: ArmAnswer }),
  latestRun: RunAnswer.nullable(),
});

/** One customer of a journey and why. */
export const CustomerAnswer = z.object({
  customerId: z.string(),
  arm: z.enum(['holdout', 'treatment']),
  outcome: z.enum(['pending', 'held_out', 'suppressed', 'messaged']),
  reason: z.string().nullable(),
  aliveProbability: z.number(),
  modelVersion: z.string(),
  assignedAt: wireInstant('When the arm was drawn.'),
  decidedAt: wireInstant('When the outcome was known.').nullable(),
  messageId: z.string().nullable(),
  messageState: z.string().nullable(),
  messageReason: z.string().nullable(),
  holdId: z.string().nullable().meta({ description: 'Hold at SyncShield.' }),
  consentReceiptId: z
    .string()
    .nullable()
    .meta({ description: "Receipt of SyncShield's consent registry." }),
});

/** Query of GET /v1/journeys/{id}/customers. */
export const CustomerQuery = z.strictObject(pageQuery({ max: 1_000, default: 100 }));

/** Answer of GET /v1/journeys/{id}/customers. */
export const CustomerPage = pageOf(CustomerAnswer);
