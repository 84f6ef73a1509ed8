import { microsToWire } from '@kiki/kernel';
import type { Queues } from '@kiki/queue';
import { mentions } from '@kiki/subject-data';
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
      opportunities: opportunities.map(({ floorMicros, isGpc, ...rest }) => ({
        ...rest,
        ...(isGpc === true ? { gpc: true } : {}),
        floorMicros: microsToWire(floorMicros),
      })),
    };
    return this.queues
      .queue<BidJobPayload>(BIDS_QUEUE)
      .add(tenant, 'bid', payload, { attempts: ATTEMPTS });
  }

  override forget(tenant: string, identifiers: ReadonlySet<string>): Promise<number> {
    return this.queues.queue<BidJobPayload>(BIDS_QUEUE).scrub(tenant, {
      names: (value) => mentions(value, identifiers),
      without: (payload) => ({
        ...payload,
        opportunities: payload.opportunities.map(({ customerId, ...rest }) =>
          customerId === undefined || identifiers.has(customerId) ? rest : { ...rest, customerId },
        ),
      }),
    });
  }
}
