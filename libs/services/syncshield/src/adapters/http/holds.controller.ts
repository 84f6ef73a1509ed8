import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Decide } from '../../application/decide.js';
import { LedgerReader } from '../../application/ledger.js';
import { holdAnswer, itemError, onlyHold } from './answers.js';
import { HoldCommands } from './hold-commands.js';
import * as wire from './holds.schema.js';

/** Holds: money that may be spent, reserved before it is. */
@ApiTags('holds')
@Controller('v1/holds')
export class HoldsController {
  constructor(
    private readonly decide: Decide,
    private readonly commands: HoldCommands,
    private readonly reader: LedgerReader,
    private readonly cursors: Cursors,
  ) {}

  @Post()
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Hold money: approved or denied, the same answer for the same id' })
  @Answers(200, wire.HoldAnswer, 'The decision; a denial is one too')
  async place(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.HoldBody }) body: z.infer<typeof wire.HoldBody>,
  ): Promise<z.infer<typeof wire.HoldAnswer>> {
    const commands = await this.commands.of(principal, [body]);
    return holdAnswer(onlyHold(await this.decide.execute(commands)));
  }

  @Post('batch')
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Hold money for many things in one transaction, in order' })
  @Answers(200, wire.HoldsAnswer, 'One result per hold, in order')
  async placeAll(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.HoldsBody }) { holds }: z.infer<typeof wire.HoldsBody>,
  ): Promise<z.infer<typeof wire.HoldsAnswer>> {
    const commands = await this.commands.of(principal, holds);
    const outcomes = await this.decide.execute(commands);
    return {
      results: outcomes.map((outcome) =>
        outcome.result.ok
          ? { hold: holdAnswer(onlyHold([outcome])) }
          : { error: itemError(outcome.result.error) },
      ),
    };
  }

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'List the holds of a budget in order of decision' })
  @Answers(200, wire.HoldPage, 'One page')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.HoldQuery }) query: z.infer<typeof wire.HoldQuery>,
  ): Promise<z.infer<typeof wire.HoldPage>> {
    const { budgetId, state, limit, cursor } = query;
    const list = `holds:${tenant}:${budgetId}:${state ?? ''}`;
    const after = cursor === undefined ? undefined : this.cursors.decode(list, cursor)[0];
    const page = await this.reader.holds(
      tenant,
      { budgetId, state },
      { limit, after: after?.toString() },
    );
    const nextCursor = page.next === undefined ? null : this.cursors.encode(list, [page.next]);
    return { items: page.items.map(holdAnswer), nextCursor };
  }

  @Get(':id')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Show a hold as it stands now, with why it was denied' })
  @Answers(200, wire.HoldAnswer, 'The hold')
  async show(
    @Tenant() tenant: string,
    @Param({ schema: wire.HoldPath }) { id }: z.infer<typeof wire.HoldPath>,
  ): Promise<z.infer<typeof wire.HoldAnswer>> {
    return holdAnswer(await this.reader.hold(tenant, id));
  }
}
