import { CurrentPrincipal, RequireScope, type Principal } from '@kiki/auth';
import { Answers, wireId, wireInstant } from '@kiki/http';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Acquisitions } from '../../application/spend-learning.js';
import { MAX_ACQUISITIONS } from '../../domain/hold-context.js';
import { actorOf } from './answers.js';
import { batchOf } from './shared.schema.js';

const MAX_REPORTED = 1_000;

const AcquisitionBody = z.strictObject({
  id: wireId('Your id of it, no personal data: the same one again counts once.'),
  budgetId: wireId('The budget that paid for it; it counts for every budget above too.'),
  count: z.int().min(1).max(MAX_ACQUISITIONS).default(1).meta({ description: 'How many.' }),
  at: wireInstant('When it happened; now by default.').optional(),
});

/** Body of POST /v1/acquisitions. */
export const AcquisitionsBody = z.strictObject({
  acquisitions: batchOf(AcquisitionBody, MAX_REPORTED),
});

/** Answer of POST /v1/acquisitions. */
export const AcquisitionsAnswer = z.object({
  recorded: z.int(),
  repeated: z.int().meta({ description: 'Known already; counted once.' }),
});

/** Customers that were won: what `max_cac` holds spending against. */
@ApiTags('policy')
@Controller('v1/acquisitions')
export class AcquisitionsController {
  constructor(private readonly acquisitions: Acquisitions) {}

  @Post()
  @HttpCode(200)
  @RequireScope('shield:write')
  @ApiOperation({ summary: 'Report acquisitions; all are recorded or none' })
  @Answers(200, AcquisitionsAnswer, 'What was new')
  record(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: AcquisitionsBody }) body: z.infer<typeof AcquisitionsBody>,
  ): Promise<z.infer<typeof AcquisitionsAnswer>> {
    const items = body.acquisitions.map(({ at, ...rest }) => ({
      ...{ ...rest, ...(at === undefined ? {} : { atMs: Date.parse(at) }) },
    }));
    return this.acquisitions.record(principal.tenant, actorOf(principal), items);
  }
}
