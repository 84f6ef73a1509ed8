import { RequireScope, Tenant } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { DomainError } from '@kiki/kernel';
import { Body, Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import type { BrowserSignals } from '../../application/event-store.js';
import { IngestEvents, type IngestResult } from '../../application/ingest-events.js';
import { Outbox } from '../../application/outbox.js';
import type { RawEvent } from '../../domain/event.js';
import { errors } from '../../errors.js';
import * as wire from './events.schema.js';
import { readBatch, type BatchProblem } from './read-batch.js';

/** A request as far as it speaks for the browser. */
interface BrowserRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const SEC_GPC = {
  ...{ name: 'Sec-GPC', required: false },
  description: '`1` objects to sale and sharing for the customers of the events.',
};

/** Events in the shape that Segment's clients send. */
@ApiTags('events')
@Controller('v1')
export class EventsController {
  constructor(
    private readonly ingest: IngestEvents,
    private readonly outbox: Outbox,
  ) {}

  @Post('identify')
  @HttpCode(200)
  @RequireScope('engage:write')
  @ApiOperation({ summary: 'Say what is known about a customer; a message id counts once' })
  @ApiHeader(SEC_GPC)
  @Answers(200, wire.IngestAnswer, 'What became of it')
  async identify(
    @Tenant() tenant: string,
    @Body({ schema: wire.IdentifyBody }) body: z.infer<typeof wire.IdentifyBody>,
    @Req() request: BrowserRequest,
  ): Promise<z.infer<typeof wire.IngestAnswer>> {
    return this.one(tenant, wire.fromIdentify(body), request);
  }

  @Post('track')
  @HttpCode(200)
  @RequireScope('engage:write')
  @ApiOperation({
    summary: 'Say what a customer did; `Order Completed` and `Order Refunded` reach SyncValue',
  })
  @ApiHeader(SEC_GPC)
  @Answers(200, wire.IngestAnswer, 'What became of it')
  async track(
    @Tenant() tenant: string,
    @Body({ schema: wire.TrackBody }) body: z.infer<typeof wire.TrackBody>,
    @Req() request: BrowserRequest,
  ): Promise<z.infer<typeof wire.IngestAnswer>> {
    return this.one(tenant, wire.fromTrack(body), request);
  }

  @Post('batch')
  @HttpCode(200)
  @RequireScope('engage:write')
  @ApiOperation({ summary: 'Send up to 1,000 events at once; each is taken or refused by itself' })
  @ApiHeader(SEC_GPC)
  @Answers(200, wire.IngestAnswer, 'What became of each')
  async batch(
    @Tenant() tenant: string,
    @Body({ schema: wire.BatchBody }) body: z.infer<typeof wire.BatchBody>,
    @Req() request: BrowserRequest,
  ): Promise<z.infer<typeof wire.IngestAnswer>> {
    const isTooLarge =
      body.batch.length > wire.MAX_BATCH_EVENTS ||
      Buffer.byteLength(JSON.stringify(body.batch)) > wire.MAX_BATCH_BYTES;
    if (isTooLarge) throw errors.batch_too_large();
    const { items, problems } = readBatch(body.batch, body.sentAt);
    return toAnswer(await this.ingest.execute(tenant, items, browserOf(request)), problems);
  }

  @Get('outbox')
  @RequireScope('engage:read')
  @ApiOperation({ summary: 'Say how many orders have not reached SyncValue' })
  @Answers(200, wire.OutboxAnswer, 'The lag')
  async lag(@Tenant() tenant: string): Promise<z.infer<typeof wire.OutboxAnswer>> {
    const { oldestAt, ...counts } = await this.outbox.lag(tenant);
    return { ...counts, oldestAt: oldestAt?.toISOString() ?? null };
  }

  /** A single event that is refused is a refused request. */
  private async one(
    tenant: string,
    raw: RawEvent,
    request: BrowserRequest,
  ): Promise<z.infer<typeof wire.IngestAnswer>> {
    const result = await this.ingest.execute(tenant, [{ index: 0, raw }], browserOf(request));
    const [problem] = result.errors;
    if (problem === undefined) return toAnswer(result, []);
    const { code, field, expected } = problem;
    const { kind, message } = errors[code]();
    throw new DomainError(code, kind, message, { fields: [{ field, expected }] });
  }
}

/** `1` is the only value that asks for something (Global Privacy Control, W3C). */
function browserOf({ headers }: BrowserRequest): BrowserSignals {
  return { isGpc: headers['sec-gpc'] === '1' };
}

function toAnswer(
  result: IngestResult,
  problems: readonly BatchProblem[],
): z.infer<typeof wire.IngestAnswer> {
  const toItem = ({ index, messageId, code, field, expected }: BatchProblem) => ({
    ...{ index, messageId: messageId ?? null, code, field, expected },
  });
  const refused = [...problems, ...result.errors].sort((a, b) => a.index - b.index);
  return {
    success: refused.length === 0,
    accepted: result.accepted,
    duplicates: result.duplicates,
    errors: refused.map(toItem),
    warnings: result.warnings.map(toItem),
  };
}
