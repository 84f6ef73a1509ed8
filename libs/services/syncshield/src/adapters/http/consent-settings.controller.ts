import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Body, Controller, Get, Put, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { GuardedChange } from '../../application/approvals.js';
import { ConsentRegistry, type SettingsVersion } from '../../application/consent-registry.js';
import { normalRegion } from '../../domain/consent/regions.js';
import { actorOf } from './answers.js';
import { ApprovalAnswer } from './approvals.schema.js';
import * as wire from './consent-settings.schema.js';
import { changedAnswer, type Reply } from './pending.js';

type Answer = Promise<z.infer<typeof wire.ConsentSettingsAnswer>>;

/** How a tenant handles consent. */
@ApiTags('consent')
@Controller('v1/consent/settings')
export class ConsentSettingsController {
  constructor(
    private readonly registry: ConsentRegistry,
    private readonly guarded: GuardedChange,
  ) {}

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Show the consent settings in force' })
  @Answers(200, wire.ConsentSettingsAnswer, 'The settings')
  async show(@Tenant() tenant: string): Answer {
    return settingsAnswer(await this.registry.settings(tenant));
  }

  @Put()
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Put consent settings into force; the same again change nothing' })
  @Answers(200, wire.ConsentSettingsAnswer, 'The settings')
  @Answers(202, ApprovalAnswer, 'The change waits for a second key')
  async put(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.ConsentSettingsBody }) body: z.infer<typeof wire.ConsentSettingsBody>,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Awaited<Answer> | z.infer<typeof ApprovalAnswer>> {
    const { expectedVersion, purposes, notices, regimes, ...rest } = body;
    const settings = {
      ...rest,
      regimes: Object.fromEntries(
        Object.entries(regimes).map(([region, regime]) => [normalRegion(region), regime]),
      ),
      purposes: purposes.map(({ regime, ...purpose }) =>
        regime === undefined ? purpose : { ...purpose, regime },
      ),
      notices: notices.map(({ textSha256, ...notice }) =>
        textSha256 === undefined ? notice : { ...notice, textSha256 },
      ),
    };
    const { tenant } = principal;
    const actor = actorOf(principal);
    const changed = await this.guarded.execute({ tenant, actor }, () =>
      this.registry.putSettings(tenant, actor, settings, expectedVersion),
    );
    return changedAnswer(changed, reply, settingsAnswer);
  }
}

function settingsAnswer({
  settings,
  createdBy,
  createdMs,
}: SettingsVersion): z.infer<typeof wire.ConsentSettingsAnswer> {
  return {
    version: settings.version,
    regimes: { ...settings.regimes },
    unknownRegion: settings.unknownRegion,
    purposes: settings.purposes.map(({ regime, tcfPurposes, ...purpose }) => ({
      ...purpose,
      tcfPurposes: [...tcfPurposes],
      regime: regime ?? null,
    })),
    notices: settings.notices.map(({ textSha256, ...notice }) => ({
      ...notice,
      textSha256: textSha256 ?? null,
    })),
    reconsentMonths: settings.reconsentMonths,
    createdBy: createdBy ?? null,
    createdAt: createdMs === undefined ? null : new Date(createdMs).toISOString(),
  };
}
