import { z } from 'zod';

/** Name of the queue of bid jobs. */
export const BIDS_QUEUE = 'bids';

const id = z.string().min(1).max(128);

/**
 * What a bid job carries, beside `v`, `tenant`, `keyId` and `sig` that the queue checks. Other programs may put such
 * jobs into the queue: unknown members are refused, so that a misspelt one is not silently ignored.
 */
export const BidJobPayload = z.strictObject({
  campaignId: id,
  opportunities: z
    .array(
      z.strictObject({
        id,
        customerId: id.optional(),
        channel: id,
        floorMicros: z.int().min(0),
        currency: z.string().regex(/^[A-Z]{3}$/),
        segment: id.default('all'),
      }),
    )
    .min(1)
    .max(500),
});

/** A bid job's own data. */
export type BidJobPayload = z.infer<typeof BidJobPayload>;
