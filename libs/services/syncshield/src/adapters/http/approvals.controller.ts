import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Approvals } from '../../application/approvals.js';
import { actorOf } from './answers.js';
import * as wire from './approvals.schema.js';
import { approvalAnswer } from './pending.js';

type Answer = Promise<z.infer<typeof wire.ApprovalAnswer>>;

/** Four eyes: changes that a second key approves. */
@ApiTags('approvals')
@Controller('v1/approvals')
export class ApprovalsController {
  constructor(
    private readonly approvals: Approvals,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'List changes that wait, or waited, for a second key; newest first' })
  @Answers(200, wire.ApprovalPage, 'One page')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.ApprovalQuery }) query: z.infer<typeof wire.ApprovalQuery>,
  ): Promise<z.infer<typeof wire.ApprovalPage>> {
    const { state, limit, cursor } = query;
    const list = `approvals:${tenant}:${state ?? ''}`;
    const after = cursor === undefined ? undefined : this.cursors.decode(list, cursor)[0];
    const page = await this.approvals.list(tenant, { state }, { limit, after: after?.toString() });
    const nextCursor = page.next === undefined ? null : this.cursors.encode(list, [page.next]);
    return { items: page.items.map(approvalAnswer), nextCursor };
  }

  @Get(':id')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Show a change that waits, or waited, for a second key' })
  @Answers(200, wire.ApprovalAnswer, 'The approval')
  async show(
    @Tenant() tenant: string,
    @Param({ schema: wire.ApprovalPath }) { id }: z.infer<typeof wire.ApprovalPath>,
  ): Answer {
    return approvalAnswer(await this.approvals.get(tenant, id));
  }

  @Post(':id/approve')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Apply the change, once; never by the key that asked for it' })
  @Answers(200, wire.ApprovalAnswer, 'The approval')
  async approve(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.ApprovalPath }) { id }: z.infer<typeof wire.ApprovalPath>,
    @Body({ schema: wire.DecisionBody }) { reason }: z.infer<typeof wire.DecisionBody>,
  ): Answer {
    const { tenant } = principal;
    return approvalAnswer(await this.approvals.approve(tenant, id, actorOf(principal), reason));
  }

  @Post(':id/reject')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Refuse the change; whoever asked for it may take it back so' })
  @Answers(200, wire.ApprovalAnswer, 'The approval')
  async reject(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.ApprovalPath }) { id }: z.infer<typeof wire.ApprovalPath>,
    @Body({ schema: wire.DecisionBody }) { reason }: z.infer<typeof wire.DecisionBody>,
  ): Answer {
    const { tenant } = principal;
    return approvalAnswer(await this.approvals.reject(tenant, id, actorOf(principal), reason));
  }
}
