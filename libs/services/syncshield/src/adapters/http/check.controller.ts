import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { microsFromWire, microsToWire } from '@kiki/kernel';
import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Decide } from '../../application/decide.js';
import { LedgerReader } from '../../application/ledger.js';
import { SubjectKeys } from '../../application/subject-keys.js';
import { denialAnswer, onlyHold } from './answers.js';
import * as wire from './check.schema.js';
import { HoldCommands } from './hold-commands.js';
import { holdContext } from './hold-context.schema.js';
import { HoldBody } from './holds.schema.js';

/** No pseudonym is like it. */
const UNKNOWN_SUBJECT = 'unknown';

/** The short question `SHIELD_URL=…/check` asks: may I spend this? */
@ApiTags('check')
@Controller('check')
export class CheckController {
  constructor(
    private readonly decide: Decide,
    private readonly commands: HoldCommands,
    private readonly reader: LedgerReader,
    private readonly subjects: SubjectKeys,
  ) {}

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({
    summary: 'What a hold would be answered now, by policies too: advice that holds nothing',
  })
  @Answers(200, wire.CheckAdvice, 'The advice')
  async read(
    @Tenant() tenant: string,
    @Query({ schema: wire.CheckQuery }) query: z.infer<typeof wire.CheckQuery>,
  ): Promise<z.infer<typeof wire.CheckAdvice>> {
    const { budgetId, amountMicros, currency, ...context } = query;
    const answer = await this.reader.check(tenant, {
      ...{ budgetId, amountMicros: microsFromWire(amountMicros) },
      ...(currency === undefined ? {} : { currency }),
      context: holdContext(context, await this.subjectOf(tenant, context.customerId)),
    });
    return {
      ...{ isAdvice: true, allowed: answer.isAllowed, reason: answer.reason },
      headroomMicros: microsToWire(answer.headroomMicros),
      policyVersion: answer.policyVersion ?? null,
      denial: answer.denial === undefined ? null : denialAnswer(answer.denial),
    };
  }

  @Post()
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Hold money and answer in short; the same as POST /v1/holds' })
  @Answers(200, wire.CheckHoldAnswer, 'The decision')
  async hold(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: HoldBody }) body: z.infer<typeof HoldBody>,
  ): Promise<z.infer<typeof wire.CheckHoldAnswer>> {
    const hold = onlyHold(await this.decide.execute(await this.commands.of(principal, [body])));
    const isStopped = hold.reason === 'budget_paused' || hold.reason === 'kill_switch';
    const room = isStopped ? 0n : await this.reader.headroom(principal.tenant, hold.budgetId);
    return {
      allowed: hold.isApproved,
      reason: hold.reason,
      headroomMicros: microsToWire(room),
      holdId: hold.id,
    };
  }

  /** Of whoever has no key nothing is known, and none is made by asking. */
  private async subjectOf(tenant: string, customerId?: string): Promise<string | undefined> {
    if (customerId === undefined) return undefined;
    return (await this.subjects.find(tenant, customerId)) ?? UNKNOWN_SUBJECT;
  }
}
