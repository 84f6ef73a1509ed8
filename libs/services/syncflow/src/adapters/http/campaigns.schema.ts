import { pageOf, pageQuery, wireCurrency, wireId, wireInstant, wireMicros } from '@kiki/http';
import { z } from 'zod';

const shares = {
  valueShare: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .meta({ description: 'Share of the expected value that a bid may cost, in steps of 0.001.' }),
  targetRoas: z.number().min(1).max(1000).optional().meta({
    description: 'Value wanted per unit of spend; the same as valueShare = 1 / targetRoas.',
  }),
};

/** Body of POST /v1/campaigns. */
export const CampaignBody = z
  .strictObject({
    id: wireId('Your id of the campaign.'),
    name: z.string().min(1).max(200),
    budgetId: wireId('Budget at SyncShield that every bid is held against.'),
    currency: wireCurrency(),
    channel: wireId(
      'Where it runs, e.g. `social`; opportunities of other channels are not bid on.',
    ),
    ...shares,
    minBidMicros: wireMicros({ description: 'Bids below this are not placed.' }).default(0),
    maxBidMicros: wireMicros({ min: 1, description: 'No bid is ever above this.' }),
    holdTtlMs: z
      .int()
      .min(1_000)
      .max(86_400_000)
      .default(60_000)
      .meta({ description: 'How long money is held for the outcome of a bid, milliseconds.' }),
    holdGraceMs: z.int().min(0).max(86_400_000).default(300_000).meta({
      description: 'How long after that it stays reserved for late notices, milliseconds.',
    }),
    isActive: z.boolean().default(true),
  })
  .refine((body) => (body.valueShare === undefined) !== (body.targetRoas === undefined), {
    path: ['valueShare'],
    error: 'exactly one of valueShare and targetRoas',
  })
  .refine((body) => body.minBidMicros <= body.maxBidMicros, {
    path: ['minBidMicros'],
    error: 'at most maxBidMicros',
  });

/** A campaign as it is answered. */
export const CampaignAnswer = z.object({
  id: z.string(),
  name: z.string(),
  budgetId: z.string(),
  currency: wireCurrency(),
  channel: z.string(),
  valueShare: z.number(),
  minBidMicros: wireMicros(),
  maxBidMicros: wireMicros(),
  holdTtlMs: z.int(),
  holdGraceMs: z.int(),
  isActive: z.boolean(),
  createdAt: wireInstant('When it was created.'),
});

/** Path of one campaign. */
export const CampaignPath = z.strictObject({ id: wireId('Id of the campaign.') });

/** Query of GET /v1/campaigns. */
export const CampaignQuery = z.strictObject(pageQuery());

/** Answer of GET /v1/campaigns. */
export const CampaignPage = pageOf(CampaignAnswer);

/** Answer of POST /v1/campaigns/{id}/learn. */
export const SnapshotAnswer = z.object({
  campaignId: z.string(),
  version: z.int(),
  strangerValueMicros: wireMicros({ description: 'Expected value of a customer nobody knows.' }),
  fallbackValueMicros: wireMicros({ description: 'Value used while SyncValue cannot be asked.' }),
  modelVersion: z.string().nullable(),
  impressions: z.int().meta({ description: 'Billed impressions it was learned from.' }),
  conversions: z.int(),
  createdAt: wireInstant('When it was learned.'),
});

const decisionsDigest = z.string().meta({
  description:
    'SHA-256 over opportunity id, value, price and reason of every decision, in the order of the ids.',
});

/** Answer of GET /v1/campaigns/{id}/digest. */
export const DigestAnswer = z.object({
  campaignId: z.string(),
  decisions: z.int(),
  decisionsDigest,
});

/** Answer of GET /v1/campaigns/{id}/report. */
export const ReportAnswer = z.object({
  campaignId: z.string(),
  currency: wireCurrency(),
  opportunities: z.int(),
  placed: z.int(),
  noBid: z.int(),
  noBidReasons: z.record(z.string(), z.int()),
  fallback: z.int().meta({ description: 'Decisions whose value was a tagged fallback.' }),
  won: z.int(),
  lost: z.int(),
  billed: z.int(),
  converted: z.int(),
  bidMicros: wireMicros({ description: 'Sum of the prices of placed bids.' }),
  billedMicros: wireMicros({ description: 'Sum of the billed clearing prices.' }),
  unsettledOutcomes: z
    .int()
    .meta({ description: 'Captures and voids SyncShield has not confirmed.' }),
  refusedSettlements: z
    .int()
    .meta({ description: 'Captures and voids SyncShield refused for good.' }),
  placeP50Ms: z.number().nullable().meta({ description: 'Job start to placement, median.' }),
  placeP99Ms: z
    .number()
    .nullable()
    .meta({ description: 'Job start to placement, 99th percentile.' }),
  decisionsDigest,
});
