import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { AppealHold } from '../../application/appeal-hold.js';
import { ExplainHold } from '../../application/explain-hold.js';
import { actorOf, capAnswer, holdAnswer } from './answers.js';
import { ApprovalAnswer } from './approvals.schema.js';
import * as wire from './explanations.schema.js';
import { HoldPath } from './holds.schema.js';
import { approvalAnswer } from './pending.js';

/** Why a hold was decided so, and what can be done about it. */
@ApiTags('holds')
@Controller('v1/holds')
export class ExplanationsController {
  constructor(
    private readonly explanations: ExplainHold,
    private readonly appeals: AppealHold,
  ) {}

  @Get(':id/why')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Why a hold was approved or denied: rules, caps and values' })
  @Answers(200, wire.WhyAnswer, 'The explanation')
  async why(
    @Tenant() tenant: string,
    @Param({ schema: HoldPath }) { id }: z.infer<typeof HoldPath>,
  ): Promise<z.infer<typeof wire.WhyAnswer>> {
    const { hold, rules, caps } = await this.explanations.explain(tenant, id);
    return {
      hold: holdAnswer(hold),
      policyVersion: hold.policyVersion ?? null,
      rules: rules.map(({ values, ...rest }) => ({ ...rest, values: { ...values } })),
      caps: caps.map(({ now, ...rest }) => ({ ...rest, now: capAnswer(now) })),
    };
  }

  @Post(':id/appeal')
  @HttpCode(202)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Ask that holds like this one pass the rule that denied it' })
  @Answers(202, ApprovalAnswer, 'The exemption waits for another key with shield:admin')
  async appeal(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: HoldPath }) { id }: z.infer<typeof HoldPath>,
    @Body({ schema: wire.AppealBody }) body: z.infer<typeof wire.AppealBody>,
  ): Promise<z.infer<typeof ApprovalAnswer>> {
    const who = { tenant: principal.tenant, actor: actorOf(principal) };
    return approvalAnswer(await this.appeals.execute({ ...who, holdId: id, ...body }));
  }
}
