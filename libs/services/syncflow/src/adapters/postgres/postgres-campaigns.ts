import { createHash } from 'node:crypto';
import { canonicalJson } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import { Campaigns } from '../../application/campaigns.js';
import type { PricingSnapshot } from '../../application/pricing-snapshot.js';
import type { Campaign, CampaignDraft } from '../../domain/campaign.js';
import { errors } from '../../errors.js';

interface CampaignRow extends Record<string, unknown> {
  tenant: string;
  id: string;
  name: string;
  budget_id: string;
  currency: string;
  channel: string;
  value_share_milli: number;
  min_bid_micros: bigint;
  max_bid_micros: bigint;
  hold_ttl_ms: number;
  hold_grace_ms: number;
  is_active: boolean;
  created_at: Date;
}

interface SnapshotRow extends Record<string, unknown> {
  tenant: string;
  campaign_id: string;
  version: number;
  stranger_value_micros: bigint;
  fallback_value_micros: bigint;
  conversion: PricingSnapshot['conversion'];
  model_version: string | null;
  created_at: Date;
}

const UPSERT = `
  insert into campaigns (tenant, id, name, budget_id, currency, channel, value_share_milli, min_bid_micros,
                         max_bid_micros, hold_ttl_ms, hold_grace_ms, is_active, body_hash)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  on conflict (tenant, id) do update
     set name = excluded.name, value_share_milli = excluded.value_share_milli,
         min_bid_micros = excluded.min_bid_micros, max_bid_micros = excluded.max_bid_micros,
         hold_ttl_ms = excluded.hold_ttl_ms, hold_grace_ms = excluded.hold_grace_ms,
         is_active = excluded.is_active, body_hash = excluded.body_hash, updated_at = now()
   where campaigns.budget_id = excluded.budget_id and campaigns.currency = excluded.currency
     and campaigns.channel = excluded.channel
  returning *`;

const ADD_SNAPSHOT = `
  insert into pricing_snapshots (tenant, campaign_id, version, stranger_value_micros,
                                 fallback_value_micros, conversion, model_version)
  select $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6
    from pricing_snapshots where tenant = $1 and campaign_id = $2
  returning *`;

/** Campaigns in the service's own schema. */
export class PostgresCampaigns extends Campaigns {
  constructor(private readonly database: Database) {
    super();
  }

  override async save(tenant: string, draft: CampaignDraft): Promise<Campaign> {
    const hash = createHash('sha256').update(canonicalJson(draft)).digest('hex');
    const [row] = await this.database.query<CampaignRow>(UPSERT, [
      tenant,
      draft.id,
      draft.name,
      draft.budgetId,
      draft.currency,
      draft.channel,
      draft.valueShareMilli,
      draft.minBidMicros,
      draft.maxBidMicros,
      draft.holdTtlMs,
      draft.holdGraceMs,
      draft.isActive,
      hash,
    ]);
    if (!row) throw errors.campaign_immutable_field();
    return toCampaign(row);
  }

  override async find(tenant: string, id: string): Promise<Campaign | undefined> {
    const [row] = await this.database.query<CampaignRow>(
      'select * from campaigns where tenant = $1 and id = $2',
      [tenant, id],
    );
    return row && toCampaign(row);
  }

  override async list(tenant: string, limit: number, afterId = ''): Promise<Campaign[]> {
    const rows = await this.database.query<CampaignRow>(
      `select * from campaigns where tenant = $1 and id > $2
        order by id limit $3`,
      [tenant, afterId, limit],
    );
    return rows.map(toCampaign);
  }

  override async latestSnapshot(tenant: string, id: string): Promise<PricingSnapshot | undefined> {
    const [row] = await this.database.query<SnapshotRow>(
      `select * from pricing_snapshots where tenant = $1 and campaign_id = $2
        order by version desc limit 1`,
      [tenant, id],
    );
    return row && toSnapshot(row);
  }

  override async addSnapshot(
    snapshot: Omit<PricingSnapshot, 'version' | 'createdAt'>,
  ): Promise<PricingSnapshot> {
    return this.database.transaction(async (tx) => {
      // Two learners at once must not take the same version.
      await tx.query('select 1 from campaigns where tenant = $1 and id = $2 for update', [
        snapshot.tenant,
        snapshot.campaignId,
      ]);
      const [row] = await tx.query<SnapshotRow>(ADD_SNAPSHOT, [
        snapshot.tenant,
        snapshot.campaignId,
        snapshot.strangerValueMicros,
        snapshot.fallbackValueMicros,
        JSON.stringify(snapshot.conversion),
        snapshot.modelVersion ?? null,
      ]);
      if (!row) throw errors.campaign_not_found();
      return toSnapshot(row);
    });
  }
}

function toCampaign(row: CampaignRow): Campaign {
  return {
    tenant: row.tenant,
    id: row.id,
    name: row.name,
    budgetId: row.budget_id,
    currency: row.currency,
    channel: row.channel,
    valueShareMilli: row.value_share_milli,
    minBidMicros: row.min_bid_micros,
    maxBidMicros: row.max_bid_micros,
    holdTtlMs: row.hold_ttl_ms,
    holdGraceMs: row.hold_grace_ms,
    isActive: row.is_active,
    createdAt: row.created_at,
  };
}

function toSnapshot(row: SnapshotRow): PricingSnapshot {
  return {
    tenant: row.tenant,
    campaignId: row.campaign_id,
    version: row.version,
    strangerValueMicros: row.stranger_value_micros,
    fallbackValueMicros: row.fallback_value_micros,
    conversion: row.conversion,
    ...(row.model_version === null ? {} : { modelVersion: row.model_version }),
    createdAt: row.created_at,
  };
}
