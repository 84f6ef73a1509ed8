import { RequireScope, Tenant } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { microsFromWire } from '@kiki/kernel';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Journeys } from '../../application/journeys.js';
import { SaveJourney } from '../../application/save-journey.js';
import { StartRun } from '../../application/start-run.js';
import type { Journey } from '../../domain/journey.js';
import { errors } from '../../errors.js';
import * as answers from './journeys.answers.js';
import * as wire from './journeys.schema.js';

/** Win-back journeys, their runs and what they did. */
@ApiTags('journeys')
@Controller('v1')
export class JourneysController {
  constructor(
    private readonly saveJourney: SaveJourney,
    private readonly startRun: StartRun,
    private readonly journeys: Journeys,
    private readonly cursors: Cursors,
  ) {}

  @Post('journeys')
  @HttpCode(200)
  @RequireScope('engage:write')
  @ApiOperation({ summary: 'Create or change a journey; the same body twice changes nothing' })
  @Answers(200, wire.JourneyAnswer, 'The journey')
  async save(
    @Tenant() tenant: string,
    @Body({ schema: wire.JourneyBody }) body: z.infer<typeof wire.JourneyBody>,
  ): Promise<z.infer<typeof wire.JourneyAnswer>> {
    const { costMicros, salt, ...rest } = body;
    const journey = await this.saveJourney.execute(tenant, {
      ...rest,
      costMicros: microsFromWire(costMicros),
      ...(salt === undefined ? {} : { salt }),
    });
    return answers.journeyAnswer(journey);
  }

  @Get('journeys')
  @RequireScope('engage:read')
  @ApiOperation({ summary: 'List journeys by id' })
  @Answers(200, wire.JourneyPage, 'One page')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.JourneyQuery }) query: z.infer<typeof wire.JourneyQuery>,
  ): Promise<z.infer<typeof wire.JourneyPage>> {
    const list = `journeys:${tenant}`;
    const after = query.cursor && this.cursors.decode(list, query.cursor)[0];
    const rows = await this.journeys.list(tenant, query.limit + 1, after?.toString());
    const page = this.cursors.page(list, rows, query.limit, ({ id }) => [id]);
    return { items: page.items.map(answers.journeyAnswer), nextCursor: page.nextCursor };
  }

  @Get('journeys/:id')
  @RequireScope('engage:read')
  @ApiOperation({ summary: 'Read one journey' })
  @Answers(200, wire.JourneyAnswer, 'The journey')
  async get(
    @Tenant() tenant: string,
    @Param({ schema: wire.JourneyPath }) path: z.infer<typeof wire.JourneyPath>,
  ): Promise<z.infer<typeof wire.JourneyAnswer>> {
    return answers.journeyAnswer(await this.find(tenant, path.id));
  }

  @Post('journeys/:id/run')
  @HttpCode(202)
  @RequireScope('engage:write')
  @ApiOperation({
    summary: 'Run a journey: everybody at risk is held out, suppressed or messaged, nobody twice',
  })
  @Answers(202, wire.RunAnswer, 'The run; one that goes on already is answered again')
  async run(
    @Tenant() tenant: string,
    @Param({ schema: wire.JourneyPath }) path: z.infer<typeof wire.JourneyPath>,
  ): Promise<z.infer<typeof wire.RunAnswer>> {
    return answers.runAnswer(await this.startRun.execute(tenant, path.id));
  }

  @Get('runs/:id')
  @RequireScope('engage:read')
  @ApiOperation({ summary: 'Say how far a run is' })
  @Answers(200, wire.RunAnswer, 'The run')
  async progress(
    @Tenant() tenant: string,
    @Param({ schema: wire.RunPath }) path: z.infer<typeof wire.RunPath>,
  ): Promise<z.infer<typeof wire.RunAnswer>> {
    const run = await this.journeys.findRun(tenant, path.id);
    if (run === undefined) throw errors.run_not_found();
    return answers.runAnswer(run);
  }

  @Get('journeys/:id/report')
  @RequireScope('engage:read')
  @ApiOperation({
    summary: 'Count a journey from its rows: buckets, reasons, money, orders per arm',
  })
  @Answers(200, wire.ReportAnswer, 'The report')
  async report(
    @Tenant() tenant: string,
    @Param({ schema: wire.JourneyPath }) path: z.infer<typeof wire.JourneyPath>,
  ): Promise<z.infer<typeof wire.ReportAnswer>> {
    const journey = await this.find(tenant, path.id);
    const [report, run] = await Promise.all([
      this.journeys.report(tenant, journey.id),
      this.journeys.latestRun(tenant, journey.id),
    ]);
    return answers.reportAnswer(journey, report, run);
  }

  @Get('journeys/:id/customers')
  @RequireScope('engage:read')
  @ApiOperation({ summary: 'Say for each customer of a journey what became of them and why' })
  @Answers(200, wire.CustomerPage, 'One page')
  async customers(
    @Tenant() tenant: string,
    @Param({ schema: wire.JourneyPath }) path: z.infer<typeof wire.JourneyPath>,
    @Query({ schema: wire.CustomerQuery }) query: z.infer<typeof wire.CustomerQuery>,
  ): Promise<z.infer<typeof wire.CustomerPage>> {
    const { id } = await this.find(tenant, path.id);
    const list = `journey-customers:${tenant}:${id}`;
    const after = query.cursor && this.cursors.decode(list, query.cursor)[0];
    const rows = await this.journeys.customers(tenant, id, query.limit + 1, after?.toString());
    const page = this.cursors.page(list, rows, query.limit, ({ customerId }) => [customerId]);
    return { items: page.items.map(answers.customerAnswer), nextCursor: page.nextCursor };
  }

  private async find(tenant: string, id: string): Promise<Journey> {
    const journey = await this.journeys.find(tenant, id);
    if (journey === undefined) throw errors.journey_not_found();
    return journey;
  }
}
