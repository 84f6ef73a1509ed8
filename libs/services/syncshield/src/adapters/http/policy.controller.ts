import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { GuardedChange } from '../../application/approvals.js';
import { DryRun } from '../../application/dry-run.js';
import { Policies } from '../../application/policies.js';
import { errors } from '../../errors.js';
import { actorOf } from './answers.js';
import { ApprovalAnswer } from './approvals.schema.js';
import { changedAnswer, type Reply } from './pending.js';
import { dryRunAnswer, versionAnswer } from './policy-answers.js';
import * as wire from './policy.schema.js';
import { policyOf } from './rule-wire.js';

type Answer = z.infer<typeof wire.PolicyAnswer>;

/** The rules a hold has to pass besides its caps. */
@ApiTags('policy')
@Controller('v1/policy')
export class PolicyController {
  constructor(
    private readonly policies: Policies,
    private readonly guarded: GuardedChange,
    private readonly dryRun: DryRun,
    private readonly cursors: Cursors,
  ) {}

  @Put()
  @RequireScope('shield:admin')
  @ApiHeader({ name: 'If-Match', required: false, description: 'The version it was made on.' })
  @ApiOperation({
    summary: 'Put a policy into force: afterwards no hold is decided by the one before',
  })
  @Answers(200, wire.PolicyAnswer, 'The version in force')
  @Answers(202, ApprovalAnswer, 'The change waits for a second key')
  async put(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.PolicyPut }) body: z.infer<typeof wire.PolicyPut>,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Answer | z.infer<typeof ApprovalAnswer>> {
    const who = { tenant: principal.tenant, actor: actorOf(principal) };
    const expectedVersion = body.expectedVersion ?? versionOf(ifMatch);
    const { comment } = body;
    const change = {
      ...{ ...who, policy: policyOf(body.policy) },
      ...(expectedVersion === undefined ? {} : { expectedVersion }),
      ...(comment === undefined ? {} : { comment }),
    };
    const changed = await this.guarded.execute(who, () => this.policies.put(change));
    if (changed.kind === 'done') tag(reply, changed.value.version);
    return changedAnswer(changed, reply, versionAnswer);
  }

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Show the policy in force; its version is the ETag' })
  @Answers(200, wire.PolicyAnswer, 'The version in force')
  async show(@Tenant() tenant: string, @Res({ passthrough: true }) reply: Reply): Promise<Answer> {
    const current = await this.policies.current(tenant);
    tag(reply, current.version);
    return versionAnswer(current);
  }

  @Get('versions')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'List the versions of the policy, newest first' })
  @Answers(200, wire.VersionPage, 'One page')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.VersionQuery }) { limit, cursor }: z.infer<typeof wire.VersionQuery>,
  ): Promise<z.infer<typeof wire.VersionPage>> {
    const list = `policies:${tenant}`;
    const after = cursor === undefined ? undefined : this.cursors.decode(list, cursor)[0];
    const page = await this.policies.versions(tenant, { limit, after: after?.toString() });
    const nextCursor = page.next === undefined ? null : this.cursors.encode(list, [page.next]);
    return { items: page.items.map(versionAnswer), nextCursor };
  }

  @Get('versions/:version')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Show a version that is or was in force' })
  @Answers(200, wire.PolicyAnswer, 'The version')
  async version(
    @Tenant() tenant: string,
    @Param({ schema: wire.VersionPath }) { version }: z.infer<typeof wire.VersionPath>,
  ): Promise<Answer> {
    return versionAnswer(await this.policies.version(tenant, version));
  }

  @Post('dry-run')
  @HttpCode(200)
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'What a policy would have done to the decisions of the last days' })
  @Answers(200, wire.DryRunAnswer, 'Counts, sums and examples, by rule')
  async dry(
    @Tenant() tenant: string,
    @Body({ schema: wire.DryRunBody }) body: z.infer<typeof wire.DryRunBody>,
  ): Promise<z.infer<typeof wire.DryRunAnswer>> {
    const { policy, days, maxDecisions } = body;
    const request = { tenant, policy: policyOf(policy), days, maxDecisions };
    return dryRunAnswer(await this.dryRun.execute(request));
  }
}

function tag(reply: Reply, version: number): void {
  reply.header('etag', `"${version}"`);
}

/** @throws policy_version_conflict for a tag that no version has */
function versionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  const version = /^(?:W\/)?"?(\d{1,9})"?$/.exec(ifMatch.trim())?.[1];
  if (version !== undefined) return Number(version);
  throw errors.policy_version_conflict('The header If-Match names no version.', {
    fields: [{ field: 'If-Match', expected: 'a version such as "3"' }],
  });
}
