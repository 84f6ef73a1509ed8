import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { microsFromWire, microsToWire } from '@kiki/kernel';
import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Decide } from '../../application/decide.js';
import { LedgerReader } from '../../application/ledger.js';
import { onlyHold } from './answers.js';
import * as wire from './check.schema.js';
import { HoldCommands } from './hold-commands.js';
import { HoldBody } from './holds.schema.js';

/** The short question `SHIELD_URL=…/check` asks: may I spend this? */
@ApiTags('check')
@Controller('check')
export class CheckController {
  constructor(
    private readonly decide: Decide,
    private readonly commands: HoldCommands,
    private readonly reader: LedgerReader,
  ) {}

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Whether a hold would pass now; holds nothing, promises nothing' })
  @Answers(200, wire.CheckAnswer, 'The answer')
  async read(
    @Tenant() tenant: string,
    @Query({ schema: wire.CheckQuery }) query: z.infer<typeof wire.CheckQuery>,
  ): Promise<z.infer<typeof wire.CheckAnswer>> {
    const amountMicros = microsFromWire(query.amountMicros);
    const answer = await this.reader.check(tenant, { ...query, amountMicros });
    const { isAllowed: allowed, reason, headroomMicros } = answer;
    return { allowed, reason, headroomMicros: microsToWire(headroomMicros) };
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
    const { budgetId } = hold;
    const now = await this.reader.check(principal.tenant, { budgetId, amountMicros: 0n });
    return {
      allowed: hold.isApproved,
      reason: hold.reason,
      headroomMicros: microsToWire(now.headroomMicros),
      holdId: hold.id,
    };
  }
}
