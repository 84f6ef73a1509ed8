import type { Campaign, CampaignDraft } from '../domain/campaign.js';
import type { Campaigns } from './campaigns.js';
import type { TakeSnapshot } from './take-snapshot.js';

/** Creates or changes a campaign; a new one gets its first pricing snapshot. */
export class SaveCampaign {
  constructor(
    private readonly campaigns: Campaigns,
    private readonly takeSnapshot: TakeSnapshot,
  ) {}

  /** @throws campaign_immutable_field */
  async execute(tenant: string, draft: CampaignDraft): Promise<Campaign> {
    const campaign = await this.campaigns.save(tenant, draft);
    const snapshot = await this.campaigns.latestSnapshot(tenant, campaign.id);
    if (!snapshot) await this.takeSnapshot.execute(campaign);
    return campaign;
  }
}
