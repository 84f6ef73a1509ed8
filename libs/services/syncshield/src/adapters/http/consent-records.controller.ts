import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { Clock, Random, uuidv7 } from '@kiki/kernel';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { ConsentHistory } from '../../application/consent-history.js';
import { RecordConsents, type ConsentInput } from '../../application/record-consents.js';
import { ReadConsentSignals } from '../../application/read-consent-signals.js';
import { ANY, OWN } from '../../domain/consent/consent-record.js';
import { actorOf } from './answers.js';
import { itemError, receiptAnswer, recordAnswer } from './consent-answers.js';
import * as wire from './consent.schema.js';

/** What people said about the use of their data. */
@ApiTags('consent')
@Controller('v1/consent')
export class ConsentRecordsController {
  constructor(
    private readonly records: RecordConsents,
    private readonly signals: ReadConsentSignals,
    private readonly histories: ConsentHistory,
    private readonly cursors: Cursors,
  ) {}

  @Post('records')
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Record consents, withdrawals and objections; an id counts once' })
  @Answers(200, wire.RecordsAnswer, 'A receipt or an error for each, in order')
  async record(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.RecordsBody }) body: z.infer<typeof wire.RecordsBody>,
  ): Promise<z.infer<typeof wire.RecordsAnswer>> {
    const inputs = body.records.map(inputOf);
    const results = await this.records.execute(principal.tenant, actorOf(principal), inputs);
    return {
      results: results.map((result, i) => ({
        id: inputs[i]?.id ?? '',
        ...(result.ok
          ? { receipt: receiptAnswer(result.value) }
          : { error: itemError(result.error) }),
      })),
    };
  }

  @Post('signals')
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Record what TCF and GPP strings and Sec-GPC say' })
  @Answers(200, wire.SignalsAnswer, 'Receipts or an error for each, in order')
  async signal(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.SignalsBody }) body: z.infer<typeof wire.SignalsBody>,
  ): Promise<z.infer<typeof wire.SignalsAnswer>> {
    const signals = body.signals.map(({ at, gpc, ...signal }) => ({
      ...definedOf(signal),
      ...(at === undefined ? {} : { atMs: Date.parse(at) }),
      isGpc: gpc === true,
    }));
    const results = await this.signals.execute(principal.tenant, actorOf(principal), signals);
    return {
      results: results.map((result, i) => ({
        id: signals[i]?.id ?? '',
        ...(result.ok
          ? { receipts: result.value.map(receiptAnswer) }
          : { error: itemError(result.error) }),
      })),
    };
  }

  @Get('records/:id')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Show a record with its proof and the place of its audit leaf' })
  @Answers(200, wire.ConsentRecordAnswer, 'The record')
  async show(
    @Tenant() tenant: string,
    @Param({ schema: wire.ConsentRecordPath }) { id }: z.infer<typeof wire.ConsentRecordPath>,
  ): Promise<z.infer<typeof wire.ConsentRecordAnswer>> {
    const { record, proof } = await this.histories.find(tenant, id);
    return recordAnswer(record, proof);
  }

  @Get('subjects/:customerId')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'List what a customer said, newest first' })
  @Answers(200, wire.ConsentHistoryPage, 'One page; 404 for somebody who never said anything')
  async history(
    @Tenant() tenant: string,
    @Param({ schema: wire.ConsentSubjectPath })
    { customerId }: z.infer<typeof wire.ConsentSubjectPath>,
    @Query({ schema: wire.ConsentHistoryQuery })
    { limit, cursor }: z.infer<typeof wire.ConsentHistoryQuery>,
  ): Promise<z.infer<typeof wire.ConsentHistoryPage>> {
    const list = `consents:${tenant}:${customerId}`;
    const after = cursor === undefined ? undefined : this.cursors.decode(list, cursor)[0];
    const page = await this.histories.of(tenant, customerId, { limit, after: after?.toString() });
    const nextCursor = page.next === undefined ? null : this.cursors.encode(list, [page.next]);
    return {
      items: page.items.map(({ record, proof }) => recordAnswer(record, proof)),
      nextCursor,
    };
  }
}

/** Takes consent back: as easy as giving it. */
@ApiTags('consent')
@Controller('v1/consent')
export class ConsentWithdrawalController {
  constructor(
    private readonly records: RecordConsents,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  @Post('withdraw')
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Withdraw consent; it reaches every service within a second' })
  @Answers(200, wire.WithdrawAnswer, 'The receipt')
  async withdraw(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.WithdrawBody }) body: z.infer<typeof wire.WithdrawBody>,
  ): Promise<z.infer<typeof wire.WithdrawAnswer>> {
    const { id = uuidv7(this.clock, this.random), ...rest } = body;
    const input: ConsentInput = { ...definedOf(rest), id, action: 'withdrawn' };
    const [result] = await this.records.execute(principal.tenant, actorOf(principal), [input]);
    if (result === undefined) throw new Error('a withdrawal came back without an answer');
    if (!result.ok) throw result.error;
    return receiptAnswer(result.value);
  }
}

function inputOf({
  at,
  expiresAt,
  vendor,
  ...rest
}: z.infer<typeof wire.RecordBody>): ConsentInput {
  return {
    ...definedOf(rest),
    // A yes to nobody in particular is one to the tenant; a no is one to everybody.
    vendor: vendor ?? (rest.action === 'granted' ? OWN : ANY),
    ...(at === undefined ? {} : { atMs: Date.parse(at) }),
    ...(expiresAt === undefined ? {} : { expiresMs: Date.parse(expiresAt) }),
  };
}

type Defined<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
function definedOf<T extends object>(of: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(of).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}
