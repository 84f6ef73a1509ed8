import { RequireScope, Tenant } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { microsFromWire, microsToWire } from '@kiki/kernel';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Campaigns } from '../../application/campaigns.js';
import { LearnConversion } from '../../application/learn-conversion.js';
import { SaveCampaign } from '../../application/save-campaign.js';
import type { Campaign } from '../../domain/campaign.js';
import { errors } from '../../errors.js';
import * as wire from './campaigns.schema.js';

/** Campaigns: what is advertised, for how much of a customer's value, from which budget. */
@ApiTags('campaigns')
@Controller('v1/campaigns')
export class CampaignsController {
  constructor(
    private readonly saveCampaign: SaveCampaign,
    private readonly campaigns: Campaigns,
    private readonly learn: LearnConversion,
    private readonly cursors: Cursors,
  ) {}

  @Post()
  @HttpCode(200)
  @RequireScope('flow:write')
  @ApiOperation({ summary: 'Create or change a campaign; the same body twice changes nothing' })
  @Answers(200, wire.CampaignAnswer, 'The campaign')
  async save(
    @Tenant() tenant: string,
    @Body({ schema: wire.CampaignBody }) body: z.infer<typeof wire.CampaignBody>,
  ): Promise<z.infer<typeof wire.CampaignAnswer>> {
    const { valueShare, targetRoas, minBidMicros, maxBidMicros, ...rest } = body;
    const share = valueShare ?? 1 / (targetRoas ?? 1);
    const campaign = await this.saveCampaign.execute(tenant, {
      ...rest,
      valueShareMilli: Math.max(1, Math.floor(share * 1000 + 1e-9)),
      minBidMicros: microsFromWire(minBidMicros),
      maxBidMicros: microsFromWire(maxBidMicros),
    });
    return toAnswer(campaign);
  }

  @Get()
  @RequireScope('flow:read')
  @ApiOperation({ summary: 'List campaigns by id' })
  @Answers(200, wire.CampaignPage, 'One page')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.CampaignQuery }) query: z.infer<typeof wire.CampaignQuery>,
  ): Promise<z.infer<typeof wire.CampaignPage>> {
    const list = `campaigns:${tenant}`;
    const after = query.cursor && this.cursors.decode(list, query.cursor)[0];
    const rows = await this.campaigns.list(tenant, query.limit + 1, after?.toString());
    const page = this.cursors.page(list, rows, query.limit, ({ id }) => [id]);
    return { items: page.items.map(toAnswer), nextCursor: page.nextCursor };
  }

  @Get(':id')
  @RequireScope('flow:read')
  @ApiOperation({ summary: 'Read one campaign' })
  @Answers(200, wire.CampaignAnswer, 'The campaign')
  async get(
    @Tenant() tenant: string,
    @Param({ schema: wire.CampaignPath }) path: z.infer<typeof wire.CampaignPath>,
  ): Promise<z.infer<typeof wire.CampaignAnswer>> {
    return toAnswer(await this.find(tenant, path.id));
  }

  @Post(':id/learn')
  @HttpCode(200)
  @RequireScope('flow:write')
  @ApiOperation({
    summary:
      'Learn conversion probabilities from outcomes and freeze them as the next pricing snapshot',
  })
  @Answers(200, wire.SnapshotAnswer, 'The snapshot that later jobs price with')
  async learnNow(
    @Tenant() tenant: string,
    @Param({ schema: wire.CampaignPath }) path: z.infer<typeof wire.CampaignPath>,
  ): Promise<z.infer<typeof wire.SnapshotAnswer>> {
    const { snapshot, impressions, conversions } = await this.learn.execute(tenant, path.id);
    return {
      campaignId: snapshot.campaignId,
      version: snapshot.version,
      strangerValueMicros: microsToWire(snapshot.strangerValueMicros),
      fallbackValueMicros: microsToWire(snapshot.fallbackValueMicros),
      modelVersion: snapshot.modelVersion ?? null,
      impressions,
      conversions,
      createdAt: snapshot.createdAt.toISOString(),
    };
  }

  private async find(tenant: string, id: string): Promise<Campaign> {
    const campaign = await this.campaigns.find(tenant, id);
    if (!campaign) throw errors.campaign_not_found();
    return campaign;
  }
}

function toAnswer(campaign: Campaign): z.infer<typeof wire.CampaignAnswer> {
  return {
    id: campaign.id,
    name: campaign.name,
    budgetId: campaign.budgetId,
    currency: campaign.currency,
    channel: campaign.channel,
    valueShare: campaign.valueShareMilli / 1000,
    minBidMicros: microsToWire(campaign.minBidMicros),
    maxBidMicros: microsToWire(campaign.maxBidMicros),
    holdTtlMs: campaign.holdTtlMs,
    holdGraceMs: campaign.holdGraceMs,
    isActive: campaign.isActive,
    createdAt: campaign.createdAt.toISOString(),
  };
}
