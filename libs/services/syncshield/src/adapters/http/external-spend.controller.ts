import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { microsToWire } from '@kiki/kernel';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import {
  ExternalSpend,
  type ExternalTotal,
  type ReportResult,
} from '../../application/money-out/external-spend.js';
import { ReportExternalSpend } from '../../application/money-out/report-external-spend.js';
import { actorOf, itemError } from './answers.js';
import { BudgetPath } from './budgets.schema.js';
import { externalReports } from './external-reports.js';
import * as wire from './external-spend.schema.js';

type Path = z.infer<typeof BudgetPath>;

/** What ad platforms report they have spent: nobody could hold it back, so it counts whatever the caps say. */
@ApiTags('external spend')
@Controller('v1/budgets/:id/external-spend')
export class ExternalSpendController {
  constructor(
    private readonly report: ReportExternalSpend,
    private readonly external: ExternalSpend,
    private readonly cursors: Cursors,
  ) {}

  @Post()
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({
    summary: 'Report what platforms have spent; a larger version replaces the amount',
  })
  @Answers(200, wire.ExternalSpendAnswer, 'What each report came to, in order')
  async take(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: BudgetPath }) { id }: Path,
    @Body({ schema: wire.ExternalSpendBody }) body: z.infer<typeof wire.ExternalSpendBody>,
  ): Promise<z.infer<typeof wire.ExternalSpendAnswer>> {
    const by = { tenant: principal.tenant, budgetId: id, actor: actorOf(principal) };
    const results = await this.report.execute(by, externalReports(body.reports));
    return { results: results.map(resultAnswer) };
  }

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'List what platforms have reported, by key, the newest first' })
  @Answers(200, wire.ExternalSpendPage, 'One page')
  async list(
    @Tenant() tenant: string,
    @Param({ schema: BudgetPath }) { id }: Path,
    @Query({ schema: wire.ExternalSpendQuery }) query: z.infer<typeof wire.ExternalSpendQuery>,
  ): Promise<z.infer<typeof wire.ExternalSpendPage>> {
    const { limit, cursor, source } = query;
    const list = `external-spend:${tenant}:${id}`;
    const after = cursor === undefined ? undefined : this.cursors.decode(list, cursor)[0];
    const request = { limit, after: after?.toString() };
    const page = await this.external.list(tenant, { budgetId: id, source }, request);
    const nextCursor = page.next === undefined ? null : this.cursors.encode(list, [page.next]);
    return { items: page.items.map(totalAnswer), nextCursor };
  }
}

function resultAnswer(
  result: ReportResult,
): z.infer<typeof wire.ExternalSpendAnswer>['results'][number] {
  const { status, deltaMicros, entryId, overMicros, error } = result;
  return {
    status: error === undefined ? status : 'failed',
    deltaMicros: microsToWire(deltaMicros),
    entryId: entryId ?? null,
    overMicros: microsToWire(overMicros),
    error: error === undefined ? null : itemError(error),
  };
}

function totalAnswer(total: ExternalTotal): z.infer<typeof wire.ExternalTotalAnswer> {
  const at = (ms: number): string => new Date(ms).toISOString();
  const given = (text: string): string | null => (text === '' ? null : text);
  return {
    ...{
      source: total.source,
      account: given(total.account),
      campaignRef: given(total.campaignRef),
    },
    ...{ day: total.day ?? null, timeZone: total.timeZone ?? null },
    ...{ from: at(total.fromMs), to: at(total.toMs), currency: total.currency },
    amountMicros: microsToWire(total.amountMicros),
    countedMicros: microsToWire(total.countedMicros),
    ...{
      isCoveredByHolds: total.isCovered,
      version: Number(total.version),
      reports: total.reports,
    },
    ...{ firstReportedAt: at(total.firstMs), lastReportedAt: at(total.reportedMs) },
  };
}
