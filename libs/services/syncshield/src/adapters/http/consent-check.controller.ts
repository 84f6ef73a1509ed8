import { RequireScope, Tenant } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Clock } from '@kiki/kernel';
import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { CheckConsents, type ConsentCheckItem } from '../../application/check-consents.js';
import { ConsentObserver } from '../../application/consent-observer.js';
import { FollowConsents } from '../../application/follow-consents.js';
import { changeAnswer, checkAnswer } from './consent-answers.js';
import * as wire from './consent.schema.js';

/** May this be done to these customers now, and what has changed since? */
@ApiTags('consent')
@Controller('v1/consent')
export class ConsentCheckController {
  constructor(
    private readonly checks: CheckConsents,
    private readonly feed: FollowConsents,
    private readonly observer: ConsentObserver,
    private readonly clock: Clock,
  ) {}

  @Post('check')
  @HttpCode(200)
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Ask whether customers may be treated so now; up to 1,024 at once' })
  @Answers(200, wire.ConsentCheckAnswer, 'An answer for each, in order, with its receipt')
  async check(
    @Tenant() tenant: string,
    @Body({ schema: wire.ConsentCheckBody }) body: z.infer<typeof wire.ConsentCheckBody>,
  ): Promise<z.infer<typeof wire.ConsentCheckAnswer>> {
    const startedMs = this.clock.monotonicMs();
    const { answers, seq } = await this.checks.execute(tenant, body.checks.map(itemOf));
    this.observer.checked(answers, (this.clock.monotonicMs() - startedMs) / 1_000);
    return { results: answers.map(checkAnswer), seq: Number(seq) };
  }

  @Get('changes')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Follow what changes; waits up to `waitMs` for the next change' })
  @Answers(200, wire.ConsentChangesAnswer, 'Changes in order of commit')
  async changes(
    @Tenant() tenant: string,
    @Query({ schema: wire.ConsentChangesQuery })
    { after, waitMs, limit }: z.infer<typeof wire.ConsentChangesQuery>,
  ): Promise<z.infer<typeof wire.ConsentChangesAnswer>> {
    const from = after === undefined ? undefined : BigInt(after);
    const { items, next, ...rest } = await this.feed.execute(tenant, from, { waitMs, limit });
    return { items: items.map(changeAnswer), next: Number(next), ...rest };
  }
}

type Check = z.infer<typeof wire.ConsentCheckBody>['checks'][number];

function itemOf({ customerId, vendor, region, gpc, ...rest }: Check): ConsentCheckItem {
  return {
    ...rest,
    ...(customerId === undefined ? {} : { customerId }),
    ...(vendor === undefined ? {} : { vendor }),
    ...(region === undefined ? {} : { region }),
    ...(gpc === undefined ? {} : { isGpc: gpc }),
  };
}
