import type { Campaign, CampaignDraft } from '../domain/campaign.js';
import type { PricingSnapshot } from './pricing-snapshot.js';

/** Campaigns and the frozen numbers their prices are made from. */
export abstract class Campaigns {
  /**
   * Creates or updates a campaign; the same draft twice changes nothing.
   * @throws campaign_immutable_field when currency, channel or budget of an existing campaign would change
   */
  abstract save(tenant: string, draft: CampaignDraft): Promise<Campaign>;
  abstract find(tenant: string, id: string): Promise<Campaign | undefined>;
  /** Ordered by id, after `afterId`. */
  abstract list(tenant: string, limit: number, afterId?: string): Promise<Campaign[]>;
  abstract latestSnapshot(tenant: string, id: string): Promise<PricingSnapshot | undefined>;
  /** Appends the next version and returns it. */
  abstract addSnapshot(
    snapshot: Omit<PricingSnapshot, 'version' | 'createdAt'>,
  ): Promise<PricingSnapshot>;
}
