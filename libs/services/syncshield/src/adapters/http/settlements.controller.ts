import { CurrentPrincipal, RequireScope, type Principal } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Decide } from '../../application/decide.js';
import { itemError, onlySettlement, settlementAnswer } from './answers.js';
import { settleCommand } from './commands.js';
import { HoldPath } from './holds.schema.js';
import * as wire from './settlements.schema.js';

/** Settlements: what became of the money that was held. */
@ApiTags('settlements')
@Controller('v1')
export class SettlementsController {
  constructor(private readonly decide: Decide) {}

  @Post('holds/:id/capture')
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Record what was spent; what the hold does not cover is late spend' })
  @Answers(200, wire.SettlementAnswer, 'What became of it')
  async capture(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: HoldPath }) { id: holdId }: z.infer<typeof HoldPath>,
    @Body({ schema: wire.CaptureBody }) body: z.infer<typeof wire.CaptureBody>,
  ): Promise<z.infer<typeof wire.SettlementAnswer>> {
    const command = settleCommand(principal, { ...body, holdId, action: 'capture' });
    return settlementAnswer(onlySettlement(await this.decide.execute([command])));
  }

  @Post('holds/:id/void')
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Give the money of a hold back' })
  @Answers(200, wire.SettlementAnswer, 'What became of it')
  async void(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: HoldPath }) { id: holdId }: z.infer<typeof HoldPath>,
    @Body({ schema: wire.VoidBody }) body: z.infer<typeof wire.VoidBody>,
  ): Promise<z.infer<typeof wire.SettlementAnswer>> {
    const command = settleCommand(principal, { ...body, holdId, action: 'void' });
    return settlementAnswer(onlySettlement(await this.decide.execute([command])));
  }

  @Post('holds/:id/refund')
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({
    summary: 'Take back what came back of spent money; budgets have room for it again',
  })
  @Answers(200, wire.SettlementAnswer, 'What became of it')
  async refund(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: HoldPath }) { id: holdId }: z.infer<typeof HoldPath>,
    @Body({ schema: wire.RefundBody }) body: z.infer<typeof wire.RefundBody>,
  ): Promise<z.infer<typeof wire.SettlementAnswer>> {
    const command = settleCommand(principal, { ...body, holdId, action: 'refund' });
    return settlementAnswer(onlySettlement(await this.decide.execute([command])));
  }

  @Post('settlements/batch')
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Settle many holds in one transaction, in order' })
  @Answers(200, wire.SettlementsAnswer, 'One result per settlement, in order')
  async settleAll(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.SettlementsBody }) body: z.infer<typeof wire.SettlementsBody>,
  ): Promise<z.infer<typeof wire.SettlementsAnswer>> {
    const commands = body.settlements.map((settlement) => settleCommand(principal, settlement));
    const outcomes = await this.decide.execute(commands);
    return {
      results: outcomes.map((outcome) =>
        outcome.result.ok
          ? { settlement: settlementAnswer(onlySettlement([outcome])) }
          : { error: itemError(outcome.result.error) },
      ),
    };
  }
}
