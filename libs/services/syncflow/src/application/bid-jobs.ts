import type { Opportunity } from '../domain/opportunity.js';

/** The queue of bid jobs, seen by those who fill it. */
export abstract class BidJobs {
  /** Puts one signed job in and returns its id. */
  abstract enqueue(
    tenant: string,
    campaignId: string,
    opportunities: readonly Opportunity[],
  ): Promise<string>;
}
