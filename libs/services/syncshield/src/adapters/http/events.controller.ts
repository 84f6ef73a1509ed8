import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Events } from '../../application/money-out/events.js';
import { Thresholds } from '../../application/money-out/thresholds.js';
import { eventMessage } from '../../domain/money-out/event.js';
import { actorOf } from './answers.js';
import { BudgetPath } from './budgets.schema.js';
import * as wire from './events.schema.js';

type Path = z.infer<typeof BudgetPath>;

/** Events: what happened to budgets, and from which shares of their limits on it is told. */
@ApiTags('events')
@Controller('v1')
export class EventsController {
  constructor(
    private readonly events: Events,
    private readonly thresholds: Thresholds,
  ) {}

  @Get('events')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Events behind a number, oldest first, in order of commit' })
  @Answers(200, wire.EventsAnswer, 'The next events')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.EventsQuery }) query: z.infer<typeof wire.EventsQuery>,
  ): Promise<z.infer<typeof wire.EventsAnswer>> {
    const page = await this.events.read(tenant, { ...query, after: BigInt(query.after) });
    return {
      items: page.items.map(eventMessage),
      ...{ next: Number(page.next), lastSeq: Number(page.lastSeq) },
    };
  }

  @Get('budgets/:id/thresholds')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Show which shares of the limits of a budget are told' })
  @Answers(200, wire.ThresholdsAnswer, 'The thresholds')
  async show(
    @Tenant() tenant: string,
    @Param({ schema: BudgetPath }) { id }: Path,
  ): Promise<z.infer<typeof wire.ThresholdsAnswer>> {
    return shown(id, await this.thresholds.get(tenant, id));
  }

  @Put('budgets/:id/thresholds')
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Set which shares of the limits of a budget are told' })
  @Answers(200, wire.ThresholdsAnswer, 'The thresholds')
  async replace(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: BudgetPath }) { id }: Path,
    @Body({ schema: wire.ThresholdsBody }) { percents }: z.infer<typeof wire.ThresholdsBody>,
  ): Promise<z.infer<typeof wire.ThresholdsAnswer>> {
    const change = { tenant: principal.tenant, id, actor: actorOf(principal) };
    return shown(id, await this.thresholds.replace(change, percents));
  }
}

function shown(
  budgetId: string,
  { percents, isDefault }: { readonly percents: readonly number[]; readonly isDefault: boolean },
): z.infer<typeof wire.ThresholdsAnswer> {
  return { budgetId, percents: [...percents], isDefault };
}
