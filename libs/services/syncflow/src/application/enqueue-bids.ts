import type { Opportunity } from '../domain/opportunity.js';
import type { BidJobs } from './bid-jobs.js';
import type { Campaigns } from './campaigns.js';
import { errors } from '../errors.js';

/** Puts a bid job into the queue for callers that have no queue of their own. */
export class EnqueueBids {
  constructor(
    private readonly campaigns: Campaigns,
    private readonly jobs: BidJobs,
  ) {}

  /** @throws campaign_not_found */
  async execute(
    tenant: string,
    campaignId: string,
    opportunities: readonly Opportunity[],
  ): Promise<{ jobId: string }> {
    if (!(await this.campaigns.find(tenant, campaignId))) throw errors.campaign_not_found();
    return { jobId: await this.jobs.enqueue(tenant, campaignId, opportunities) };
  }
}
