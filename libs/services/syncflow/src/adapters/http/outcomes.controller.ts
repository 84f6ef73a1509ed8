import { RequireScope, Tenant } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { microsFromWire } from '@kiki/kernel';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { RecordOutcomes } from '../../application/record-outcomes.js';
import { clearingMicros } from '../../domain/clearing-price.js';
import type { Outcome } from '../../domain/outcome.js';
import * as wire from './outcomes.schema.js';

/** Notices of exchanges: won, lost, billed, converted. */
@ApiTags('outcomes')
@Controller('v1/outcomes')
export class OutcomesController {
  constructor(private readonly record: RecordOutcomes) {}

  @Post()
  @HttpCode(200)
  @RequireScope('flow:write')
  @ApiOperation({ summary: 'Take notices in; each counts once however often it is sent' })
  @Answers(200, wire.OutcomesAnswer, 'One receipt per notice, in order')
  async take(
    @Tenant() tenant: string,
    @Body({ schema: wire.OutcomesBody }) body: z.infer<typeof wire.OutcomesBody>,
  ): Promise<z.infer<typeof wire.OutcomesAnswer>> {
    return { results: await this.record.execute(tenant, body.outcomes.map(toOutcome)) };
  }
}

function toOutcome(notice: z.infer<typeof wire.OutcomeBody>): Outcome {
  const { priceMicros, price, currency, at, ...rest } = notice;
  const clearing =
    price !== undefined
      ? { priceMicros: clearingMicros(price) }
      : priceMicros !== undefined
        ? { priceMicros: microsFromWire(priceMicros) }
        : {};
  return {
    ...rest,
    ...clearing,
    ...(currency === undefined ? {} : { currency }),
    at: new Date(at),
  };
}
