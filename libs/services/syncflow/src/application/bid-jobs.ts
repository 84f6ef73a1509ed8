import type { Opportunity } from '../domain/opportunity.js';

/** The queue of bid jobs, seen by those who fill it. */
export abstract class BidJobs {
  /** Puts one signed job in and returns its id. */
  abstract enqueue(
    tenant: string,
    campaignId: string,
    opportunities: readonly Opportunity[],
  ): Promise<string>;
  /**
   * Takes a person out of the jobs: finished ones go, those that wait bid for a stranger; how many.
   * @throws unavailable while a running job bids for them
   */
  abstract forget(tenant: string, identifiers: ReadonlySet<string>): Promise<number>;
}
