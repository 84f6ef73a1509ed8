import { RequireScope, Tenant } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { RefreshSegments } from '../../application/refresh-segments.js';
import { EngageJobs, Segments, type SegmentRefresh } from '../../application/segments.js';
import * as wire from './segments.schema.js';

/** Churn segments by P(alive). */
@ApiTags('segments')
@Controller('v1/segments')
export class SegmentsController {
  constructor(
    private readonly refreshSegments: RefreshSegments,
    private readonly segments: Segments,
    private readonly jobs: EngageJobs,
  ) {}

  @Post('refresh')
  @HttpCode(202)
  @RequireScope('engage:write')
  @ApiOperation({ summary: 'Ask SyncValue about every profile; one refresh at a time' })
  @Answers(202, wire.RefreshAnswer, 'The refresh that will do it')
  async refresh(@Tenant() tenant: string): Promise<z.infer<typeof wire.RefreshAnswer>> {
    const refresh = await this.refreshSegments.request(tenant);
    if (refresh.state === 'queued') await this.jobs.refreshSegments(tenant, refresh.id);
    return toAnswer(refresh);
  }

  @Get('refreshes/:id')
  @RequireScope('engage:read')
  @ApiOperation({ summary: 'Say how far a refresh is' })
  @Answers(200, wire.RefreshAnswer, 'The refresh')
  async get(
    @Tenant() tenant: string,
    @Param({ schema: wire.RefreshPath }) path: z.infer<typeof wire.RefreshPath>,
  ): Promise<z.infer<typeof wire.RefreshAnswer>> {
    return toAnswer(await this.segments.find(tenant, path.id));
  }

  @Get()
  @RequireScope('engage:read')
  @ApiOperation({ summary: 'Count the customers of each segment' })
  @Answers(200, wire.SegmentsAnswer, 'The segments and how fresh they are')
  async list(@Tenant() tenant: string): Promise<z.infer<typeof wire.SegmentsAnswer>> {
    const [summary, latest, done] = await Promise.all([
      this.segments.summary(tenant),
      this.segments.latest(tenant),
      this.segments.latestDone(tenant),
    ]);
    return {
      segments: summary.map(({ oldestEvaluatedAt, modelVersions, ...row }) => ({
        ...row,
        oldestEvaluatedAt: oldestEvaluatedAt.toISOString(),
        modelVersions: [...modelVersions],
      })),
      isFresh: (done?.finishedAt?.getTime() ?? 0) >= this.refreshSegments.freshSince().getTime(),
      latestRefresh: latest ? toAnswer(latest) : null,
    };
  }
}

function toAnswer(refresh: SegmentRefresh): z.infer<typeof wire.RefreshAnswer> {
  return {
    refreshId: refresh.id,
    state: refresh.state,
    reason: refresh.reason ?? null,
    modelVersion: refresh.modelVersion ?? null,
    evaluated: refresh.evaluated,
    requestedAt: refresh.requestedAt.toISOString(),
    finishedAt: refresh.finishedAt?.toISOString() ?? null,
  };
}
