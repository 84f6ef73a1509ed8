import { RequireScope, Tenant } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { microsToWire } from '@kiki/kernel';
import { Controller, Get, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Campaigns } from '../../application/campaigns.js';
import { Decisions } from '../../application/decisions.js';
import { DigestDecisions } from '../../application/digest-decisions.js';
import type { Campaign } from '../../domain/campaign.js';
import { errors } from '../../errors.js';
import * as wire from './campaigns.schema.js';

/** How campaigns are doing, counted from rows. */
@ApiTags('campaigns')
@Controller('v1/campaigns')
export class ReportsController {
  constructor(
    private readonly campaigns: Campaigns,
    private readonly decisions: Decisions,
    private readonly digests: DigestDecisions,
  ) {}

  @Get(':id/report')
  @RequireScope('flow:read')
  @ApiOperation({ summary: 'Count decisions, outcomes and money of a campaign' })
  @Answers(200, wire.ReportAnswer, 'The report, counted from rows')
  async report(
    @Tenant() tenant: string,
    @Param({ schema: wire.CampaignPath }) path: z.infer<typeof wire.CampaignPath>,
  ): Promise<z.infer<typeof wire.ReportAnswer>> {
    const campaign = await this.find(tenant, path.id);
    const [report, { decisionsDigest }] = await Promise.all([
      this.decisions.report(tenant, campaign.id),
      this.digests.execute(tenant, campaign.id),
    ]);
    const { unsettled, bidMicros, billedMicros, noBidReasons, ...counts } = report;
    return {
      campaignId: campaign.id,
      currency: campaign.currency,
      ...counts,
      noBidReasons: { ...noBidReasons },
      bidMicros: microsToWire(bidMicros),
      billedMicros: microsToWire(billedMicros),
      unsettledOutcomes: unsettled,
      decisionsDigest,
    };
  }

  @Get(':id/digest')
  @RequireScope('flow:read')
  @ApiOperation({ summary: 'Hash every decision as it was before money was asked for' })
  @Answers(
    200,
    wire.DigestAnswer,
    'Equal for equal decisions, whatever the order in which they were made',
  )
  async digest(
    @Tenant() tenant: string,
    @Param({ schema: wire.CampaignPath }) path: z.infer<typeof wire.CampaignPath>,
  ): Promise<z.infer<typeof wire.DigestAnswer>> {
    const { id: campaignId } = await this.find(tenant, path.id);
    return { campaignId, ...(await this.digests.execute(tenant, campaignId)) };
  }

  private async find(tenant: string, id: string): Promise<Campaign> {
    const campaign = await this.campaigns.find(tenant, id);
    if (!campaign) throw errors.campaign_not_found();
    return campaign;
  }
}
