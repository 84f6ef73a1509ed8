import type { Campaigns } from './campaigns.js';
import type { LearnedSnapshot, TakeSnapshot } from './take-snapshot.js';
import { errors } from '../errors.js';

/** Learns conversion probabilities from the outcomes so far. */
export class LearnConversion {
  constructor(
    private readonly campaigns: Campaigns,
    private readonly takeSnapshot: TakeSnapshot,
  ) {}

  /** @throws campaign_not_found */
  async execute(tenant: string, campaignId: string): Promise<LearnedSnapshot> {
    const campaign = await this.campaigns.find(tenant, campaignId);
    if (!campaign) throw errors.campaign_not_found();
    return this.takeSnapshot.execute(campaign);
  }
}
