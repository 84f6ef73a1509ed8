import { microsToWire } from '@kiki/kernel';
import type { Queues } from '@kiki/queue';
import { BidJobs } from '../../application/bid-jobs.js';
import type { Opportunity } from '../../domain/opportunity.js';
import { BIDS_QUEUE, type BidJobPayload } from './bid-job-payload.js';

/** About a minute of backing off while SyncShield or the exchange is away; then the job is a dead letter. */
const ATTEMPTS = 8;

/** Bid jobs through the `bids` queue. */
export class QueuedBidJobs extends BidJobs {
  constructor(private readonly queues: Queues) {
    super();
  }

  override enqueue(
    tenant: string,
    campaignId: string,
    opportunities: readonly Opportunity[],
  ): Promise<string> {
    const payload = {
      campaignId,
      opportunities: opportunities.map(({ floorMicros, ...rest }) => ({
        ...rest,
        floorMicros: microsToWire(floorMicros),
      })),
    };
    return this.queues
      .queue<BidJobPayload>(BIDS_QUEUE)
      .add(tenant, 'bid', payload, { attempts: ATTEMPTS });
  }
}
