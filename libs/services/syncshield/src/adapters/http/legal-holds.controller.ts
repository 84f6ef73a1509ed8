import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { LegalHolds } from '../../application/privacy/legal-holds.js';
import { actorOf } from './answers.js';
import { legalHoldAnswer } from './privacy-answers.js';
import * as wire from './privacy.schema.js';

type Answer = Promise<z.infer<typeof wire.LegalHoldAnswer>>;

/** Legal holds: duties to keep that beat an erasure. */
@ApiTags('privacy')
@Controller('v1/privacy/legal-holds')
export class LegalHoldsController {
  constructor(
    private readonly holds: LegalHolds,
    private readonly cursors: Cursors,
  ) {}

  @Post()
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Keep what is held about a customer until the hold is released' })
  @Answers(200, wire.LegalHoldAnswer, 'The legal hold')
  async place(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.LegalHoldBody }) body: z.infer<typeof wire.LegalHoldBody>,
  ): Answer {
    return legalHoldAnswer(await this.holds.place(principal.tenant, body, actorOf(principal)));
  }

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'List legal holds by id' })
  @Answers(200, wire.LegalHoldPage, 'One page')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.LegalHoldQuery }) { limit, cursor }: z.infer<typeof wire.LegalHoldQuery>,
  ): Promise<z.infer<typeof wire.LegalHoldPage>> {
    const list = `legal-holds:${tenant}`;
    const after = cursor === undefined ? undefined : this.cursors.decode(list, cursor)[0];
    const items = await this.holds.list(tenant, {
      limit,
      ...(after == null ? {} : { after: after.toString() }),
    });
    const last = items.length < limit ? undefined : items.at(-1);
    const nextCursor = last === undefined ? null : this.cursors.encode(list, [last.id]);
    return { items: items.map(legalHoldAnswer), nextCursor };
  }

  @Delete(':id')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Release a legal hold; released again it stays as it is' })
  @Answers(200, wire.LegalHoldAnswer, 'The legal hold')
  async release(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.LegalHoldPath }) { id }: z.infer<typeof wire.LegalHoldPath>,
  ): Answer {
    return legalHoldAnswer(await this.holds.release(principal.tenant, id, actorOf(principal)));
  }
}
