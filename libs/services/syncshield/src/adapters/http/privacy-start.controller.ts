import { CurrentPrincipal, RequireScope, type Principal } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Clock } from '@kiki/kernel';
import { Body, Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { GuardedChange } from '../../application/approvals.js';
import {
  PrivacyRequests,
  type PrivacyRequestDraft,
} from '../../application/privacy/privacy-requests.js';
import type { PrivacyRequest } from '../../domain/privacy/privacy-request.js';
import { actorOf } from './answers.js';
import { ApprovalAnswer } from './approvals.schema.js';
import { changedAnswer, type Reply } from './pending.js';
import { privacyAnswer } from './privacy-answers.js';
import * as wire from './privacy.schema.js';

type Answer = Promise<z.infer<typeof wire.PrivacyRequestAnswer> | z.infer<typeof ApprovalAnswer>>;

/** How requests of data subjects begin; erasures and exports at the word of two keys, where that is wanted. */
@ApiTags('privacy')
@Controller('v1/privacy/requests')
export class PrivacyStartController {
  constructor(
    private readonly requests: PrivacyRequests,
    private readonly guarded: GuardedChange,
    private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'File a request; the same body again returns it as it is' })
  @Answers(200, wire.PrivacyRequestAnswer, 'The request')
  @Answers(202, ApprovalAnswer, 'The request is filed, and waits for a second key to begin')
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.PrivacyRequestBody }) body: z.infer<typeof wire.PrivacyRequestBody>,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    return this.begin(principal, reply, (actor) =>
      this.requests.create(draftOf(principal, body), actor),
    );
  }

  @Post(':id/verify')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Say that the person is who they say; the request begins' })
  @Answers(200, wire.PrivacyRequestAnswer, 'The request')
  @Answers(202, ApprovalAnswer, 'The request waits for a second key to begin')
  async verify(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.PrivacyRequestPath }) { id }: z.infer<typeof wire.PrivacyRequestPath>,
    @Body({ schema: wire.VerificationBody }) body: z.infer<typeof wire.VerificationBody>,
    @Res({ passthrough: true }) reply: Reply,
  ): Answer {
    const { method, reference } = body;
    return this.begin(principal, reply, (actor) =>
      this.requests.move(principal.tenant, id, {
        ...{ from: ['received'], to: 'verified', verificationMethod: method, actor },
        ...(reference === undefined ? {} : { verificationReference: reference }),
      }),
    );
  }

  private async begin(
    principal: Principal,
    reply: Reply,
    change: (actor: string) => Promise<PrivacyRequest>,
  ): Answer {
    const { tenant } = principal;
    const actor = actorOf(principal);
    const changed = await this.guarded.execute({ tenant, actor }, () => change(actor));
    return changedAnswer(changed, reply, (request) => privacyAnswer(request, this.clock.nowMs()));
  }
}

function draftOf(
  { tenant }: Principal,
  body: z.infer<typeof wire.PrivacyRequestBody>,
): PrivacyRequestDraft {
  const { id, kind, regime, customerId, email, verification, suppress, changes } = body;
  return {
    ...{ tenant, id, kind, regime, isSuppressing: suppress },
    details: {
      customerIds: customerId === undefined ? [] : [customerId],
      // With a customer named, an address says no more than which mailbox is meant.
      isLocated: customerId !== undefined,
      ...(email === undefined ? {} : { email }),
      ...(changes === undefined ? {} : { changes: changes }),
      ...(verification?.reference === undefined
        ? {}
        : { verificationReference: verification.reference }),
    },
    ...(verification === undefined ? {} : { verificationMethod: verification.method }),
  };
}
