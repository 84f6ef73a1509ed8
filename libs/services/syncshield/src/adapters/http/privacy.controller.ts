import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { Clock } from '@kiki/kernel';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { LedgerReader } from '../../application/ledger.js';
import { ExportPeriod } from '../../application/privacy/export-period.js';
import { PrivacyRequests } from '../../application/privacy/privacy-requests.js';
import type { PrivacyRequest } from '../../domain/privacy/privacy-request.js';
import { actorOf } from './answers.js';
import { evidenceAnswer, privacyAnswer } from './privacy-answers.js';
import * as wire from './privacy.schema.js';

type Answer = Promise<z.infer<typeof wire.PrivacyRequestAnswer>>;
type Path = z.infer<typeof wire.PrivacyRequestPath>;

/** Requests of data subjects: filed here, done in all five services, ended when all have confirmed. */
@ApiTags('privacy')
@Controller('v1/privacy/requests')
export class PrivacyController {
  constructor(
    private readonly requests: PrivacyRequests,
    private readonly reader: LedgerReader,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
    private readonly exports: ExportPeriod,
  ) {}

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'List requests, newest first' })
  @Answers(200, wire.PrivacyRequestPage, 'One page')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.PrivacyRequestQuery }) query: z.infer<typeof wire.PrivacyRequestQuery>,
  ): Promise<z.infer<typeof wire.PrivacyRequestPage>> {
    const { cursor, limit, state, kind, customerId } = query;
    const list = `privacy:${tenant}`;
    const after = cursor === undefined ? undefined : this.cursors.decode(list, cursor)[0];
    const items = await this.requests.list(tenant, {
      limit,
      ...(state === undefined ? {} : { state }),
      ...(kind === undefined ? {} : { kind }),
      ...(customerId === undefined ? {} : { customerId }),
      ...(after == null ? {} : { after: BigInt(after) }),
    });
    const last = items.length < limit ? undefined : items.at(-1);
    const nextCursor =
      last === undefined ? null : this.cursors.encode(list, [last.requestNo.toString()]);
    return { items: items.map((one) => this.shown(one)), nextCursor };
  }

  @Get(':id')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Show a request and how far each service is' })
  @Answers(200, wire.PrivacyRequestAnswer, 'The request')
  async show(
    @Tenant() tenant: string,
    @Param({ schema: wire.PrivacyRequestPath }) { id }: Path,
  ): Answer {
    return this.shown(await this.requests.get(tenant, id));
  }

  @Post(':id/reject')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Refuse a request that has not begun, with the reason' })
  @Answers(200, wire.PrivacyRequestAnswer, 'The request')
  async reject(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.PrivacyRequestPath }) { id }: Path,
    @Body({ schema: wire.RejectBody }) { reason }: z.infer<typeof wire.RejectBody>,
  ): Answer {
    return this.move(principal, id, { from: ['received', 'verified'], to: 'rejected', reason });
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Take a request back that has not begun' })
  @Answers(200, wire.PrivacyRequestAnswer, 'The request')
  async cancel(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.PrivacyRequestPath }) { id }: Path,
    @Body({ schema: wire.ReasonBody }) { reason }: z.infer<typeof wire.ReasonBody>,
  ): Answer {
    return this.move(principal, id, { from: ['received', 'verified'], to: 'cancelled', reason });
  }

  @Post(':id/extend')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Move the deadline once: two further months (GDPR), 45 days (CCPA)' })
  @Answers(200, wire.PrivacyRequestAnswer, 'The request')
  async extend(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.PrivacyRequestPath }) { id }: Path,
    @Body({ schema: wire.ReasonBody }) { reason }: z.infer<typeof wire.ReasonBody>,
  ): Answer {
    const { tenant } = principal;
    return this.shown(await this.requests.extend(tenant, id, reason, actorOf(principal)));
  }

  @Get(':id/evidence')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'What proves that a request was done: receipts, audit record, proof' })
  @Answers(200, wire.EvidenceAnswer, 'The evidence')
  async evidence(
    @Tenant() tenant: string,
    @Param({ schema: wire.PrivacyRequestPath }) { id }: Path,
  ): Promise<z.infer<typeof wire.EvidenceAnswer>> {
    const request = await this.requests.get(tenant, id);
    const [entry] = await this.reader.audit(tenant, request.auditSeq - 1n, 1);
    const record = typeof entry?.record === 'string' ? entry.record : JSON.stringify(entry?.record);
    return evidenceAnswer(request, record, this.clock.nowMs());
  }

  @Get(':id/export')
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Everything the five services held, of a completed access request' })
  @Answers(200, wire.ExportAnswer, 'The export')
  async export(
    @Tenant() tenant: string,
    @Param({ schema: wire.PrivacyRequestPath }) { id }: Path,
  ): Promise<z.infer<typeof wire.ExportAnswer>> {
    const { finishedMs = 0 } = await this.requests.get(tenant, id);
    const services = await this.requests.export(tenant, id);
    return {
      requestId: id,
      generatedAt: new Date(finishedMs).toISOString(),
      expiresAt: new Date(this.exports.endMs(finishedMs)).toISOString(),
      services: services as z.infer<typeof wire.ExportAnswer>['services'],
    };
  }

  private async move(
    principal: Principal,
    id: string,
    change: Omit<Parameters<PrivacyRequests['move']>[2], 'actor'>,
  ): Answer {
    const actor = actorOf(principal);
    return this.shown(await this.requests.move(principal.tenant, id, { ...change, actor }));
  }

  private shown(request: PrivacyRequest) {
    return privacyAnswer(request, this.clock.nowMs());
  }
}
