import { RequireScope, Tenant } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Clock } from '@kiki/kernel';
import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Profiles, type Profile } from '../../application/profiles.js';
import { errors } from '../../errors.js';
import * as wire from './profiles.schema.js';

/** Customers and their consent. */
@ApiTags('profiles')
@Controller('v1/profiles')
export class ProfilesController {
  constructor(
    private readonly profiles: Profiles,
    private readonly clock: Clock,
  ) {}

  @Get(':id')
  @RequireScope('engage:read')
  @ApiOperation({ summary: 'Read a profile' })
  @Answers(200, wire.ProfileAnswer, 'The profile')
  async get(
    @Tenant() tenant: string,
    @Param({ schema: wire.ProfilePath }) path: z.infer<typeof wire.ProfilePath>,
  ): Promise<z.infer<typeof wire.ProfileAnswer>> {
    const profile = await this.profiles.find(tenant, path.id);
    if (profile === undefined) throw errors.profile_not_found();
    return toAnswer(profile);
  }

  @Put(':id/subscription')
  @RequireScope('engage:write')
  @ApiOperation({ summary: 'Write down that a customer wants mail, or does not' })
  @Answers(200, wire.SubscriptionAnswer, 'What holds now')
  async subscribe(
    @Tenant() tenant: string,
    @Param({ schema: wire.ProfilePath }) path: z.infer<typeof wire.ProfilePath>,
    @Body({ schema: wire.SubscriptionBody }) body: z.infer<typeof wire.SubscriptionBody>,
  ): Promise<z.infer<typeof wire.SubscriptionAnswer>> {
    const isChanged = await this.profiles.changeSubscription({
      tenant,
      customerId: path.id,
      status: body.status,
      source: 'api',
      ...(body.proof === undefined ? {} : { proof: body.proof }),
      at: this.clock.now(),
    });
    return { customerId: path.id, status: body.status, isChanged };
  }
}

function toAnswer(profile: Profile): z.infer<typeof wire.ProfileAnswer> {
  const { segment } = profile;
  return {
    customerId: profile.customerId,
    email: profile.email ?? null,
    traits: { ...profile.traits },
    subscription: profile.subscription,
    subscriptionAt: profile.subscriptionAt?.toISOString() ?? null,
    firstSeenAt: profile.firstSeenAt.toISOString(),
    lastSeenAt: profile.lastSeenAt.toISOString(),
    segment: segment
      ? {
          name: segment.name as z.infer<typeof wire.MembershipAnswer>['name'],
          aliveProbability: segment.aliveProbability ?? null,
          reason: segment.reason ?? null,
          modelVersion: segment.modelVersion ?? null,
          evaluatedAt: segment.evaluatedAt.toISOString(),
        }
      : null,
  };
}
