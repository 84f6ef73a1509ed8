import { RequireScope, Tenant } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Clock, kernelErrors } from '@kiki/kernel';
import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { MakeComplianceReport } from '../../application/privacy/compliance-report.js';
import { reportAnswer, type ReportBody } from './compliance-answers.js';
import { compliancePage } from './compliance.page.js';
import * as wire from './compliance.schema.js';

/** What a route sets on its answer. */
interface Headers {
  header(name: string, value: string): unknown;
}

/** The compliance report. */
@ApiTags('compliance')
@Controller('v1/compliance')
export class ComplianceController {
  constructor(
    private readonly reports: MakeComplianceReport,
    private readonly clock: Clock,
  ) {}

  @Get('report')
  @RequireScope('shield:read')
  @ApiProduces('application/json', 'text/html')
  @ApiOperation({
    summary: 'What was asked, done, denied and deleted in a period, as JSON or a page',
  })
  @Answers(200, wire.ReportAnswer, 'The report')
  async report(
    @Tenant() tenant: string,
    @Query({ schema: wire.ReportQuery }) query: z.infer<typeof wire.ReportQuery>,
    @Res({ passthrough: true }) reply: Headers,
  ): Promise<ReportBody | string> {
    const fromMs = Date.parse(query.from);
    const toMs = query.to === undefined ? Math.floor(this.clock.nowMs()) : Date.parse(query.to);
    if (toMs <= fromMs) {
      throw kernelErrors.invalid_request('The period ends before it begins.', {
        fields: [{ field: 'to', expected: 'an instant after `from`' }],
      });
    }
    const report = reportAnswer(await this.reports.execute(tenant, { fromMs, toMs }));
    if (query.format === 'json') return report;
    reply.header('content-type', 'text/html; charset=utf-8');
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
    return compliancePage(report);
  }
}
