import { RequireScope, Tenant } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { microsFromWire, microsToWire } from '@kiki/kernel';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Decisions } from '../../application/decisions.js';
import { EnqueueBids } from '../../application/enqueue-bids.js';
import { explainDecision, type Decision } from '../../domain/decision.js';
import { errors } from '../../errors.js';
import * as wire from './bids.schema.js';

/** Bid jobs and the decisions they led to. */
@ApiTags('bids')
@Controller('v1')
export class BidsController {
  constructor(
    private readonly enqueue: EnqueueBids,
    private readonly decisions: Decisions,
    private readonly cursors: Cursors,
  ) {}

  @Post('bids')
  @HttpCode(202)
  @RequireScope('flow:write')
  @ApiOperation({
    summary: 'Queue opportunities to be decided on; deciding one twice changes nothing',
  })
  @Answers(202, wire.BidsAnswer, 'The job that will decide')
  bid(
    @Tenant() tenant: string,
    @Body({ schema: wire.BidsBody }) body: z.infer<typeof wire.BidsBody>,
  ): Promise<z.infer<typeof wire.BidsAnswer>> {
    const opportunities = body.opportunities.map(
      ({ floorMicros, customerId, region, gpc, ...rest }) => ({
        ...rest,
        ...(customerId === undefined ? {} : { customerId }),
        ...(region === undefined ? {} : { region }),
        ...(gpc === true ? { isGpc: true } : {}),
        floorMicros: microsFromWire(floorMicros),
      }),
    );
    return this.enqueue.execute(tenant, body.campaignId, opportunities);
  }

  @Get('decisions')
  @RequireScope('flow:read')
  @ApiOperation({ summary: 'List the decisions of a campaign by opportunity id' })
  @Answers(200, wire.DecisionPage, 'One page')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.DecisionQuery }) query: z.infer<typeof wire.DecisionQuery>,
  ): Promise<z.infer<typeof wire.DecisionPage>> {
    const { campaignId, limit, cursor } = query;
    const list = `decisions:${tenant}:${campaignId}`;
    const after = cursor && this.cursors.decode(list, cursor)[0];
    const rows = await this.decisions.list(tenant, campaignId, limit + 1, after?.toString());
    const page = this.cursors.page(list, rows, limit, ({ opportunityId }) => [opportunityId]);
    return { items: page.items.map(toAnswer), nextCursor: page.nextCursor };
  }

  @Get('decisions/:opportunityId')
  @RequireScope('flow:read')
  @ApiOperation({ summary: 'Say why an opportunity was bid on, or not' })
  @Answers(200, wire.DecisionList, 'The decision of each campaign')
  async why(
    @Tenant() tenant: string,
    @Param({ schema: wire.DecisionPath }) path: z.infer<typeof wire.DecisionPath>,
  ): Promise<z.infer<typeof wire.DecisionList>> {
    const found = await this.decisions.findByOpportunity(tenant, path.opportunityId);
    if (found.length === 0) throw errors.decision_not_found();
    return {
      items: found.map((decision) => ({
        ...toAnswer(decision),
        explanation: explainDecision(decision),
      })),
    };
  }
}

function toAnswer(decision: Decision): z.infer<typeof wire.DecisionAnswer> {
  const { value, terms } = decision;
  return {
    campaignId: decision.campaignId,
    opportunityId: decision.opportunityId,
    jobId: decision.jobId,
    customerId: decision.customerId ?? null,
    channel: decision.channel,
    segment: decision.segment,
    currency: decision.currency,
    floorMicros: microsToWire(decision.floorMicros),
    valueMicros: microsToWire(value.valueMicros),
    valueSource: value.source,
    fallbackReason: value.fallbackReason ?? null,
    modelVersion: value.modelVersion ?? null,
    snapshotVersion: decision.snapshotVersion,
    valueShare: terms.valueShareMilli / 1000,
    minBidMicros: microsToWire(terms.minBidMicros),
    maxBidMicros: microsToWire(terms.maxBidMicros),
    conversionProbability: decision.conversionProbability,
    priceMicros: microsToWire(decision.priceMicros),
    reason: decision.reason,
    status: decision.status,
    holdId: decision.holdId ?? null,
    holdReason: decision.holdReason ?? null,
    consentReceiptId: decision.consentReceiptId ?? null,
    decidedAt: decision.decidedAt.toISOString(),
  };
}
