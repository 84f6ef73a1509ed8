import { RequireScope, Tenant } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { LedgerReader } from '../../application/ledger.js';
import * as wire from './audit.schema.js';

/** The audit log: every decision and every change, in order. */
@ApiTags('audit')
@Controller('v1/audit')
export class AuditController {
  constructor(private readonly reader: LedgerReader) {}

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Read the audit log from a sequence number on' })
  @Answers(200, wire.AuditAnswer, 'Records in order')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.AuditQuery }) { after, limit }: z.infer<typeof wire.AuditQuery>,
  ): Promise<z.infer<typeof wire.AuditAnswer>> {
    const entries = await this.reader.audit(tenant, BigInt(after), limit);
    const items = entries.map(({ seq, record }) => ({ seq: Number(seq), record }));
    const last = items.at(-1);
    return { items, nextAfter: last === undefined || items.length < limit ? null : last.seq };
  }
}
