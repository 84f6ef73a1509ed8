import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { GuardedChange } from '../../application/approvals.js';
import { KillSwitches } from '../../application/policies.js';
import { actorOf } from './answers.js';
import { ApprovalAnswer } from './approvals.schema.js';
import * as wire from './kill-switch.schema.js';
import { changedAnswer, type Reply } from './pending.js';
import { killSwitchAnswer } from './policy-answers.js';

type Answer = z.infer<typeof wire.KillSwitchAnswer>;

/** Stops all spending of a tenant or of a budget at once. */
@ApiTags('kill switch')
@Controller('v1/kill-switch')
export class KillSwitchController {
  constructor(
    private readonly switches: KillSwitches,
    private readonly guarded: GuardedChange,
    private readonly cursors: Cursors,
  ) {}

  @Post()
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Stop: once answered, no hold of the scope is approved by any process' })
  @Answers(200, wire.KillSwitchAnswer, 'The kill switch; one that is on already as it is')
  async set(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.KillSwitchBody }) body: z.infer<typeof wire.KillSwitchBody>,
  ): Promise<Answer> {
    const { reason, budgetId } = body;
    const change = { tenant: principal.tenant, actor: actorOf(principal), reason };
    const scope = budgetId === undefined ? {} : { budgetId };
    return killSwitchAnswer(await this.switches.set({ ...change, ...scope }));
  }

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'List kill switches, newest first' })
  @Answers(200, wire.KillSwitchPage, 'One page')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.KillSwitchQuery }) query: z.infer<typeof wire.KillSwitchQuery>,
  ): Promise<z.infer<typeof wire.KillSwitchPage>> {
    const { isActive, limit, cursor } = query;
    const list = `kill-switch:${tenant}:${isActive ?? ''}`;
    const after = cursor === undefined ? undefined : this.cursors.decode(list, cursor)[0];
    const filter = { isActive: isActive === undefined ? undefined : isActive === 'true' };
    const page = await this.switches.list(tenant, filter, { limit, after: after?.toString() });
    const nextCursor = page.next === undefined ? null : this.cursors.encode(list, [page.next]);
    return { items: page.items.map(killSwitchAnswer), nextCursor };
  }

  @Post(':id/lift')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Lift a kill switch' })
  @Answers(200, wire.KillSwitchAnswer, 'The kill switch')
  @Answers(202, ApprovalAnswer, 'The change waits for a second key')
  async lift(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.KillSwitchPath }) { id }: z.infer<typeof wire.KillSwitchPath>,
    @Body({ schema: wire.LiftBody }) { reason }: z.infer<typeof wire.LiftBody>,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Answer | z.infer<typeof ApprovalAnswer>> {
    const who = { tenant: principal.tenant, actor: actorOf(principal) };
    const change = { ...who, id, reason };
    const changed = await this.guarded.execute(who, () => this.switches.lift(change));
    return changedAnswer(changed, reply, killSwitchAnswer);
  }
}
