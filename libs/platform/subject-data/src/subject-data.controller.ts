import { RequireScope, Tenant } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { ExecuteSubjectRequest } from './execute-subject-request.js';
import * as wire from './subject-data.schema.js';

/** What SyncShield asks of a service on behalf of a data subject. */
@ApiTags('privacy')
@Controller('v1/privacy/requests')
export class SubjectDataController {
  constructor(private readonly requests: ExecuteSubjectRequest) {}

  @Post('execute')
  @HttpCode(200)
  @RequireScope('privacy:write')
  @ApiOperation({
    summary: 'Export, erase, correct or stop processing what is held about somebody',
  })
  @Answers(200, wire.SubjectAnswerBody, 'The receipt, and what was asked for')
  async execute(
    @Tenant() tenant: string,
    @Body({ schema: wire.SubjectRequestBody }) body: z.infer<typeof wire.SubjectRequestBody>,
  ): Promise<z.infer<typeof wire.SubjectAnswerBody>> {
    const { email, changes, ...rest } = body;
    const answer = await this.requests.execute({
      ...{ tenant, ...rest },
      ...(email === undefined ? {} : { email }),
      ...(changes === undefined ? {} : { changes }),
    });
    return answer as unknown as z.infer<typeof wire.SubjectAnswerBody>;
  }
}
