import { RequireScope, Tenant } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Body, Controller, Get, Header, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { AuditLog } from '../../application/audit-log.js';
import * as wire from './audit.schema.js';

/** The audit log: every decision and every change, in order. */
@ApiTags('audit')
@Controller('v1/audit')
export class AuditController {
  constructor(private readonly log: AuditLog) {}

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Read the audit log from a sequence number on' })
  @Answers(200, wire.AuditAnswer, 'Records in order')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.AuditQuery }) { after, limit }: z.infer<typeof wire.AuditQuery>,
  ): Promise<z.infer<typeof wire.AuditAnswer>> {
    const entries = await this.log.entries(tenant, after + 1, limit);
    const items = entries.map(({ seq, record }) => ({ seq: Number(seq), record }));
    return { items, nextAfter: items.length < limit ? null : after + limit };
  }

  @Get('entries')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Read the audit log in large pages, to export or watch it' })
  @Answers(200, wire.EntriesAnswer, 'Records in order')
  async entries(
    @Tenant() tenant: string,
    @Query({ schema: wire.EntriesQuery }) { from, limit }: z.infer<typeof wire.EntriesQuery>,
  ): Promise<z.infer<typeof wire.EntriesAnswer>> {
    const entries = await this.log.entries(tenant, from, limit);
    const items = entries.map(({ seq, record, leaf }) => ({
      ...{ seq: Number(seq), record },
      leaf: leaf === undefined ? null : Buffer.from(leaf).toString('base64'),
    }));
    return { items, nextFrom: items.length < limit ? null : from + limit };
  }

  @Get('public-key')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Keys that sign, or have signed, the checkpoints' })
  @Answers(200, wire.KeysAnswer, 'Keys')
  async publicKeys(@Tenant() tenant: string): Promise<z.infer<typeof wire.KeysAnswer>> {
    const { origin, keys } = await this.log.keys(tenant);
    return {
      origin,
      keys: keys.map(({ text, keyId, publicKey, addedMs, isCurrent }) => ({
        key: text,
        keyId,
        publicKey: Buffer.from(publicKey).toString('base64'),
        addedAt: new Date(addedMs).toISOString(),
        isCurrent,
      })),
    };
  }

  @Post('verify')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @RequireScope('shield:read')
  @ApiOperation({
    summary: 'Read a part of the stored log anew and compare it with its checkpoint',
  })
  @Answers(200, wire.VerifyAnswer, 'What was found')
  async verify(
    @Tenant() tenant: string,
    @Body({ schema: wire.VerifyBody }) body: z.infer<typeof wire.VerifyBody>,
  ): Promise<z.infer<typeof wire.VerifyAnswer>> {
    const report = await this.log.verify(tenant, body.from, body.limit);
    const { from, to, size, faults } = report;
    const nextFrom = report.isEnd ? null : to;
    return { isValid: faults.length === 0, from, to, nextFrom, size, faults: [...faults] };
  }
}
