import { learnConversion, type ConversionPrior } from '@kiki/bidding';
import type { Campaign } from '../domain/campaign.js';
import type { Campaigns } from './campaigns.js';
import type { CustomerValues } from './customer-values.js';
import type { Outcomes } from './outcomes.js';
import type { PricingSnapshot } from './pricing-snapshot.js';

/** What a snapshot was learned from. */
export interface LearnedSnapshot {
  readonly snapshot: PricingSnapshot;
  readonly impressions: number;
  readonly conversions: number;
}

/** What stands in for knowledge. */
export interface SnapshotAssumptions {
  /** Thousandths of a stranger's value that a fallback is worth: caution while nobody can be asked. */
  readonly fallbackShareMilli: number;
  /** What is believed of conversions before there are any. */
  readonly prior: ConversionPrior;
}

/** Freezes what is known now as the numbers that the campaign's later jobs price with. */
export class TakeSnapshot {
  constructor(
    private readonly campaigns: Campaigns,
    private readonly outcomes: Outcomes,
    private readonly values: CustomerValues,
    private readonly assumptions: SnapshotAssumptions,
  ) {}

  /** Appends the next snapshot, whether or not anything has changed. */
  async execute(campaign: Campaign): Promise<LearnedSnapshot> {
    const last = await this.campaigns.latestSnapshot(campaign.tenant, campaign.id);
    const stranger = await this.values.strangerValue(campaign.tenant, campaign.currency);
    return this.append(campaign, last, stranger);
  }

  /**
   * The newest snapshot. One that was taken before there was a model, or while it could not be asked, is replaced as
   * soon as SyncValue answers; until then strangers are worth nothing.
   */
  async usable(campaign: Campaign): Promise<PricingSnapshot> {
    const last = await this.campaigns.latestSnapshot(campaign.tenant, campaign.id);
    if (last?.modelVersion !== undefined) return last;
    const stranger = await this.values.strangerValue(campaign.tenant, campaign.currency);
    if (last !== undefined && stranger === undefined) return last;
    return (await this.append(campaign, last, stranger)).snapshot;
  }

  private async append(
    campaign: Campaign,
    last: PricingSnapshot | undefined,
    stranger: Awaited<ReturnType<CustomerValues['strangerValue']>>,
  ): Promise<LearnedSnapshot> {
    const { tenant, id: campaignId } = campaign;
    const { fallbackShareMilli, prior } = this.assumptions;
    const counts = await this.outcomes.conversionCounts(tenant, campaignId);
    // SyncValue cannot say now: what it said last time stays.
    const known = stranger?.valueMicros ?? last?.strangerValueMicros ?? 0n;
    const strangerValueMicros = known > 0n ? known : 0n;
    const modelVersion = stranger ? stranger.modelVersion : last?.modelVersion;
    const snapshot = await this.campaigns.addSnapshot({
      tenant,
      campaignId,
      strangerValueMicros,
      fallbackValueMicros: (strangerValueMicros * BigInt(fallbackShareMilli)) / 1000n,
      conversion: learnConversion(counts, prior),
      ...(modelVersion === undefined ? {} : { modelVersion }),
    });
    const sum = (name: 'impressions' | 'conversions'): number =>
      counts.reduce((total, count) => total + count[name], 0);
    return { snapshot, impressions: sum('impressions'), conversions: sum('conversions') };
  }
}
