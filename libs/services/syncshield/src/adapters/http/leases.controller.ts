import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { kernelErrors, microsFromWire } from '@kiki/kernel';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { AcquireLease } from '../../application/acquire-lease.js';
import { Leases } from '../../application/leases.js';
import { ReportLeases } from '../../application/report-leases.js';
import { actorOf, itemError } from './answers.js';
import { decisionAnswer, leaseAnswer, receiptAnswer } from './lease-answers.js';
import * as wire from './leases.schema.js';

type Receipt = Promise<z.infer<typeof wire.LeaseReceiptAnswer>>;

/** Leases: slices of budgets that nodes spend from memory. */
@ApiTags('leases')
@Controller('v1/leases')
export class LeasesController {
  constructor(
    private readonly acquire: AcquireLease,
    private readonly reports: ReportLeases,
    private readonly leases: Leases,
    private readonly cursors: Cursors,
  ) {}

  @Post()
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Lease a slice of a budget to a node; the same answer for the same id' })
  @Answers(200, wire.LeaseDecisionAnswer, 'The slice, or why there is none')
  async ask(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.LeaseBody }) body: z.infer<typeof wire.LeaseBody>,
  ): Promise<z.infer<typeof wire.LeaseDecisionAnswer>> {
    const { askMicros, atLeastMicros, ...rest } = body;
    const request = {
      ...rest,
      tenant: principal.tenant,
      askedMicros: microsFromWire(askMicros),
      atLeastMicros: microsFromWire(atLeastMicros),
    };
    return decisionAnswer(body.id, await this.acquire.execute(request, actorOf(principal)));
  }

  @Post('reports')
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Report what was spent of many leases, as totals' })
  @Answers(200, wire.ReportsAnswer, 'One result per report, in order')
  async reportAll(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.ReportsBody }) { reports }: z.infer<typeof wire.ReportsBody>,
  ): Promise<z.infer<typeof wire.ReportsAnswer>> {
    const results = await this.reports.execute(
      principal.tenant,
      reports.map(({ spentMicros, ...rest }) => ({
        ...rest,
        spentMicros: microsFromWire(spentMicros),
      })),
      actorOf(principal),
    );
    return {
      results: results.map((result) =>
        result.ok ? { receipt: receiptAnswer(result.value) } : { error: itemError(result.error) },
      ),
    };
  }

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'List leases in the order they were asked for' })
  @Answers(200, wire.LeasePage, 'One page')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.LeaseQuery }) query: z.infer<typeof wire.LeaseQuery>,
  ): Promise<z.infer<typeof wire.LeasePage>> {
    const { budgetId, nodeId, state, limit, cursor } = query;
    const list = `leases:${tenant}:${budgetId ?? ''}:${nodeId ?? ''}:${state ?? ''}`;
    const after = cursor === undefined ? undefined : this.cursors.decode(list, cursor)[0];
    const isOpen = state === undefined ? undefined : state === 'open';
    const page = { limit, after: after?.toString() };
    const { items, next } = await this.leases.list(tenant, { budgetId, nodeId, isOpen }, page);
    const nextCursor = next === undefined ? null : this.cursors.encode(list, [next]);
    return { items: items.map(leaseAnswer), nextCursor };
  }

  @Get(':id')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Show a lease as it stands now' })
  @Answers(200, wire.LeaseAnswer, 'The lease')
  async show(
    @Tenant() tenant: string,
    @Param({ schema: wire.LeasePath }) { id }: z.infer<typeof wire.LeasePath>,
  ): Promise<z.infer<typeof wire.LeaseAnswer>> {
    return leaseAnswer(await this.leases.get(tenant, id));
  }

  @Post(':id/report')
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Report what was spent of a lease so far, as a total' })
  @Answers(200, wire.LeaseReceiptAnswer, 'What is booked')
  report(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.LeasePath }) { id }: z.infer<typeof wire.LeasePath>,
    @Body({ schema: wire.SpentBody }) body: z.infer<typeof wire.SpentBody>,
  ): Receipt {
    return this.reportOne(principal, id, body.spentMicros, false);
  }

  @Post(':id/release')
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'End a lease: what was spent of it in all, the rest is free' })
  @Answers(200, wire.LeaseReceiptAnswer, 'What is booked')
  release(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.LeasePath }) { id }: z.infer<typeof wire.LeasePath>,
    @Body({ schema: wire.SpentBody }) body: z.infer<typeof wire.SpentBody>,
  ): Receipt {
    return this.reportOne(principal, id, body.spentMicros, true);
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({
    summary:
      'End a lease at the next report of its node, which gets no more slices until it restarts',
  })
  @Answers(200, wire.LeaseAnswer, 'The lease')
  async revoke(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.LeasePath }) { id }: z.infer<typeof wire.LeasePath>,
  ): Promise<z.infer<typeof wire.LeaseAnswer>> {
    return leaseAnswer(await this.leases.revoke(principal.tenant, id, actorOf(principal)));
  }

  private async reportOne(
    principal: Principal,
    leaseId: string,
    spentMicros: number,
    isFinal: boolean,
  ): Receipt {
    const report = { leaseId, spentMicros: microsFromWire(spentMicros), isFinal };
    const [result] = await this.reports.execute(principal.tenant, [report], actorOf(principal));
    if (result === undefined) throw kernelErrors.internal();
    if (!result.ok) throw result.error;
    return receiptAnswer(result.value);
  }
}
