import { wireCurrency, wireId, wireMicros } from '@kiki/http';
import { z } from 'zod';

/** Name of the queue of bid jobs. */
export const BIDS_QUEUE = 'bids';

/**
 * What a bid job carries, beside `v`, `tenant`, `keyId` and `sig` that the queue checks. Other programs may put such
 * jobs into the queue: unknown members are refused, so that a misspelt one is not silently ignored.
 */
export const BidJobPayload = z.strictObject({
  campaignId: wireId('Id of the campaign.'),
  opportunities: z
    .array(
      z.strictObject({
        id: wireId('Unique within the campaign.'),
        customerId: wireId('The customer, where known.').optional(),
        channel: wireId('Where it is offered.'),
        floorMicros: wireMicros(),
        currency: wireCurrency(),
        segment: wireId('What conversion is learned for.').default('all'),
        region: z
          .string()
          .regex(/^[A-Z]{2}(?:-[A-Z0-9]{1,3})?$/)
          .optional(),
        gpc: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(500),
});

/** A bid job's own data. */
export type BidJobPayload = z.infer<typeof BidJobPayload>;
