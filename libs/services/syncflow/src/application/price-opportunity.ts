import type { Clock } from '@kiki/kernel';
import type { Campaign } from '../domain/campaign.js';
import type { CustomerValue, Decision } from '../domain/decision.js';
import type { BidJob, Opportunity } from '../domain/opportunity.js';
import { priceDecision } from '../domain/price-decision.js';
import type { Campaigns } from './campaigns.js';
import type { CustomerValues } from './customer-values.js';
import type { PricingSnapshot } from './pricing-snapshot.js';
import type { TakeSnapshot } from './take-snapshot.js';
import { errors } from '../errors.js';

/** A job with its prices. */
export interface PricedJob {
  readonly campaign: Campaign;
  /** One decision per distinct opportunity, in the order of the job; the first of two equal ids counts. */
  readonly decisions: readonly Decision[];
}

/**
 * Prices the opportunities of a job from the campaign's pricing snapshot and the value of each customer under the
 * snapshot's model. Nothing else goes in: neither cache nor budget nor the other jobs.
 */
export class PriceOpportunity {
  constructor(
    private readonly campaigns: Campaigns,
    private readonly snapshots: TakeSnapshot,
    private readonly values: CustomerValues,
    private readonly clock: Clock,
  ) {}

  /** @throws campaign_not_found */
  async execute(job: BidJob): Promise<PricedJob> {
    const campaign = await this.campaigns.find(job.tenant, job.campaignId);
    if (!campaign) throw errors.campaign_not_found();
    const snapshot = await this.snapshots.usable(campaign);
    const opportunities = [
      ...new Map(job.opportunities.toReversed().map((o) => [o.id, o])).values(),
    ];
    opportunities.reverse();
    const { modelVersion, strangerValueMicros, fallbackValueMicros } = snapshot;
    const values = await this.values.valuesOf({
      tenant: job.tenant,
      customerIds: opportunities.map(({ customerId }) => customerId),
      currency: campaign.currency,
      ...(modelVersion === undefined ? {} : { modelVersion }),
      strangerValueMicros,
      fallbackValueMicros,
    });
    const decisions = opportunities.map((opportunity, i) =>
      this.decide(job, campaign, snapshot, opportunity, values[i] as CustomerValue),
    );
    return { campaign, decisions };
  }

  private decide(
    job: BidJob,
    campaign: Campaign,
    snapshot: PricingSnapshot,
    opportunity: Opportunity,
    value: CustomerValue,
  ): Decision {
    const { id: opportunityId, ...offered } = opportunity;
    return {
      tenant: job.tenant,
      campaignId: campaign.id,
      opportunityId,
      jobId: job.jobId,
      ...offered,
      value,
      snapshotVersion: snapshot.version,
      ...priceDecision({ campaign, opportunity, value, conversion: snapshot.conversion }),
      decidedAt: this.clock.now(),
    };
  }
}
