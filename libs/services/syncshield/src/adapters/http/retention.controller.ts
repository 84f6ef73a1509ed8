import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Body, Controller, Get, HttpCode, Post, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Retention } from '../../application/privacy/retention.js';
import type { RetentionRule } from '../../domain/privacy/retention.js';
import { actorOf } from './answers.js';
import * as wire from './retention.schema.js';

type Rules = z.infer<typeof wire.RetentionAnswer>;

/** How long what is kept. */
@ApiTags('privacy')
@Controller('v1/privacy/retention')
export class RetentionController {
  constructor(private readonly retention: Retention) {}

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'How long each category is kept' })
  @Answers(200, wire.RetentionAnswer, 'The rules')
  async rules(@Tenant() tenant: string): Promise<Rules> {
    return rulesAnswer(await this.retention.rules(tenant));
  }

  @Put()
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Keep a category for another time' })
  @Answers(200, wire.RetentionAnswer, 'The rules')
  async change(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.RetentionBody }) body: z.infer<typeof wire.RetentionBody>,
  ): Promise<Rules> {
    return rulesAnswer(await this.retention.setRule(principal.tenant, body, actorOf(principal)));
  }

  @Post('run')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Delete what is over its time now, or only count it' })
  @Answers(200, wire.RetentionRunAnswer, 'What it did, or would do')
  async run(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.RetentionRunBody }) { dryRun }: z.infer<typeof wire.RetentionRunBody>,
  ): Promise<z.infer<typeof wire.RetentionRunAnswer>> {
    const options = { isDryRun: dryRun, actor: actorOf(principal) };
    const results = await this.retention.sweep(principal.tenant, options);
    return {
      dryRun,
      results: results.map(({ cutoffMs, ...rest }) => ({
        ...rest,
        before: new Date(cutoffMs).toISOString(),
      })),
    };
  }
}

function rulesAnswer(rules: readonly RetentionRule[]): Rules {
  return {
    rules: rules.map(({ changedBy, changedMs, ...rule }) => ({
      ...rule,
      changedBy: changedBy ?? null,
      changedAt: changedMs === undefined ? null : new Date(changedMs).toISOString(),
    })),
  };
}
