import { RequireScope, Tenant } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Clock } from '@kiki/kernel';
import { SERVICE_CONFIG } from '@kiki/host';
import { Body, Controller, Get, Inject, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Journeys } from '../../application/journeys.js';
import type { SyncengageConfig } from '../../syncengage.config.js';
import * as wire from './profiles.schema.js';

/** How many messages a customer of the tenant may get from all journeys together. */
@ApiTags('journeys')
@Controller('v1/frequency-cap')
export class FrequencyCapController {
  constructor(
    private readonly journeys: Journeys,
    private readonly clock: Clock,
    @Inject(SERVICE_CONFIG) private readonly config: SyncengageConfig,
  ) {}

  @Get()
  @RequireScope('engage:read')
  @ApiOperation({ summary: 'Read the frequency cap' })
  @Answers(200, wire.FrequencyCapBody, 'The cap')
  async get(@Tenant() tenant: string): Promise<z.infer<typeof wire.FrequencyCapBody>> {
    const { capMessages: maxMessages, capWindowMs: windowMs } = this.config;
    return (await this.journeys.frequencyCap(tenant)) ?? { maxMessages, windowMs };
  }

  @Put()
  @RequireScope('engage:write')
  @ApiOperation({ summary: 'Set the frequency cap' })
  @Answers(200, wire.FrequencyCapBody, 'The cap')
  async set(
    @Tenant() tenant: string,
    @Body({ schema: wire.FrequencyCapBody }) body: z.infer<typeof wire.FrequencyCapBody>,
  ): Promise<z.infer<typeof wire.FrequencyCapBody>> {
    await this.journeys.saveFrequencyCap(tenant, body, this.clock.now());
    return body;
  }
}
