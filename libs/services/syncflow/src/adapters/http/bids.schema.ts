import { pageOf, pageQuery, wireCurrency, wireId, wireInstant, wireMicros } from '@kiki/http';
import { z } from 'zod';

/** What an opportunity says of whoever will see it, for the question of consent. */
export function audienceFields() {
  return {
    region: z
      .string()
      .regex(/^[A-Z]{2}(?:-[A-Z0-9]{1,3})?$/, 'ISO 3166 as DE or US-CA')
      .optional()
      .meta({ description: 'Where it is shown: ISO 3166-1 or 3166-2.' }),
    gpc: z.boolean().optional().meta({ description: 'Its browser says `Sec-GPC: 1`.' }),
  };
}

/** Most opportunities in one bid job. */
export const MAX_OPPORTUNITIES = 500;

/** One opportunity of a bid job. */
export const OpportunityBody = z.strictObject({
  id: wireId('Unique within the campaign.'),
  customerId: wireId('The customer, where known.').optional(),
  channel: wireId('Where it is offered.'),
  floorMicros: wireMicros({ description: 'Lowest price the seller takes.' }),
  currency: wireCurrency(),
  segment: wireId('Audience or placement that conversion is learned for.').default('all'),
  ...audienceFields(),
});

/** Body of POST /v1/bids. */
export const BidsBody = z.strictObject({
  campaignId: wireId('Id of the campaign.'),
  opportunities: z.array(OpportunityBody).min(1).max(MAX_OPPORTUNITIES),
});

/** Answer of POST /v1/bids. */
export const BidsAnswer = z.object({ jobId: z.string() });

/** One decision with everything it was made from. */
export const DecisionAnswer = z.object({
  campaignId: z.string(),
  opportunityId: z.string(),
  jobId: z.string(),
  customerId: z.string().nullable(),
  channel: z.string(),
  segment: z.string(),
  currency: wireCurrency(),
  floorMicros: wireMicros(),
  valueMicros: wireMicros({
    min: -Number.MAX_SAFE_INTEGER,
    description: 'What the customer was taken to be worth.',
  }),
  valueSource: z.enum(['model', 'cold_start', 'fallback']),
  fallbackReason: z.string().nullable(),
  modelVersion: z.string().nullable(),
  snapshotVersion: z.int().meta({ description: 'Pricing snapshot; 0 when there was none.' }),
  valueShare: z
    .number()
    .meta({ description: 'Share of the expected value, as the campaign had it.' }),
  minBidMicros: wireMicros({ description: 'Lowest bid, as the campaign had it.' }),
  maxBidMicros: wireMicros({ description: 'Highest bid, as the campaign had it.' }),
  conversionProbability: z.number(),
  priceMicros: wireMicros({ description: 'What was bid; 0 when nothing was.' }),
  reason: z
    .string()
    .meta({ description: 'Why there is a bid or none, before money was asked for.' }),
  status: z.enum(['priced', 'no_bid', 'denied', 'dry_run', 'placing', 'placed']),
  holdId: z.string().nullable(),
  holdReason: z.string().nullable().meta({
    description: 'The reason SyncShield gave; `consent_…` when its consent registry said no.',
  }),
  consentReceiptId: z.string().nullable().meta({
    description: 'What the consent registry answered by; null when nobody was known to ask for.',
  }),
  decidedAt: wireInstant('When the price was made.'),
});

/** Query of GET /v1/decisions. */
export const DecisionQuery = z.strictObject({
  campaignId: wireId('Id of the campaign.'),
  ...pageQuery({ max: 1000, default: 100 }),
});

/** Answer of GET /v1/decisions. */
export const DecisionPage = pageOf(DecisionAnswer);

/** Path of GET /v1/decisions/{opportunityId}. */
export const DecisionPath = z.strictObject({ opportunityId: wireId('Id of the opportunity.') });

/** Answer of GET /v1/decisions/{opportunityId}: one per campaign that decided on it. */
export const DecisionList = z.object({
  items: z.array(DecisionAnswer.extend({ explanation: z.string() })),
});
