import { RequireScope, Tenant } from '@kiki/auth';
import { Answers, Idempotent } from '@kiki/http';
import { canonicalJson, kernelErrors, MAX_ID_LENGTH } from '@kiki/kernel';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { AwaitJob } from '../../application/await-job.js';
import { Creatives } from '../../application/creatives.js';
import { seedOf } from '../../application/make-creatives.js';
import { SubmitJob } from '../../application/submit-job.js';
import { isFinished, type Job } from '../../domain/job.js';
import type { GenerateRequest } from '../../domain/requests.js';
import { IdPath, JobAnswer } from './answers.schema.js';
import { waitSecondsOf } from './prefer.js';
import { GenerateBody, ValidateBody } from './requests.schema.js';
import { jobAnswer } from './to-answer.js';

const PREFER = ApiHeader({
  name: 'prefer',
  required: false,
  description: '`wait=N`: answer with the result when it is there within N seconds, at most 25.',
});
const BUDGET = ApiHeader({
  name: 'kiki-budget',
  required: false,
  description:
    'Id of the budget that pays; without it nobody is asked. A refusal is a job with the status `denied`.',
});

/** Making and checking creatives; both are jobs. */
@ApiTags('work')
@Controller('api/v1')
export class WorkController {
  constructor(
    private readonly submit: SubmitJob,
    private readonly awaitJob: AwaitJob,
    private readonly creatives: Creatives,
  ) {}

  @Post('generate')
  @HttpCode(202)
  @RequireScope('create:write')
  @Idempotent()
  @PREFER
  @BUDGET
  @ApiOperation({ summary: 'Make one to five creatives for one platform' })
  @Answers(202, JobAnswer, 'The job that makes them')
  @Answers(200, JobAnswer, 'The ended job, with `Prefer: wait` or when the budget refused')
  async generate(
    @Tenant() tenant: string,
    @Body({ schema: GenerateBody }) body: z.infer<typeof GenerateBody>,
    @Headers() headers: Readonly<Record<string, string | undefined>>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.infer<typeof JobAnswer>> {
    const budgetId = budgetOf(headers['kiki-budget']);
    const job = await this.submit.execute({
      tenant,
      work: { kind: 'generate', request: requestOf(body) },
      ...(budgetId === undefined ? {} : { budgetId }),
    });
    return this.answer(job, headers['prefer'], reply);
  }

  @Post('validate')
  @HttpCode(202)
  @RequireScope('create:write')
  @Idempotent()
  @PREFER
  @ApiOperation({
    summary: 'Check a picture against a platform, a brand and the rules of advertising',
  })
  @Answers(202, JobAnswer, 'The job that checks it')
  @Answers(200, JobAnswer, 'The ended job, with `Prefer: wait`')
  async validate(
    @Tenant() tenant: string,
    @Body({ schema: ValidateBody }) body: z.infer<typeof ValidateBody>,
    @Headers('prefer') prefer: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.infer<typeof JobAnswer>> {
    const { image_url: imageUrl, headline, brand, platform } = body;
    const request = {
      imageUrl,
      brandName: brand.name,
      brandColors: brand.primary_colors,
      ...(headline === undefined ? {} : { headline }),
      ...(platform === undefined ? {} : { platform }),
    };
    const job = await this.submit.execute({ tenant, work: { kind: 'validate', request } });
    return this.answer(job, prefer, reply);
  }

  @Get('jobs/:id')
  @RequireScope('create:read')
  @ApiOperation({ summary: 'How far a job is, and what came of it' })
  @Answers(200, JobAnswer, 'The job')
  async job(
    @Tenant() tenant: string,
    @Param({ schema: IdPath }) { id }: z.infer<typeof IdPath>,
  ): Promise<z.infer<typeof JobAnswer>> {
    const job = await this.awaitJob.execute(tenant, id);
    return jobAnswer(job, await this.creatives.ofJob(tenant, id));
  }

  private async answer(
    submitted: Job,
    prefer: string | undefined,
    reply: FastifyReply,
  ): Promise<z.infer<typeof JobAnswer>> {
    const { tenant, id } = submitted;
    const waitSeconds = waitSecondsOf(prefer);
    const job =
      waitSeconds > 0 ? await this.awaitJob.execute(tenant, id, waitSeconds * 1000) : submitted;
    if (waitSeconds > 0) void reply.header('preference-applied', `wait=${waitSeconds}`);
    void reply.header('location', `/api/v1/jobs/${id}`);
    if (isFinished(job)) void reply.status(200);
    return jobAnswer(job, await this.creatives.ofJob(tenant, id));
  }
}

function requestOf(body: z.infer<typeof GenerateBody>): GenerateRequest {
  const { product, brand, variants, platform, seed, headline, cta, claim } = body;
  const { image_url: photoUrl, name, features, usp, category } = product;
  return {
    brief: {
      product: {
        name,
        features,
        ...(usp ? { usp } : {}),
        ...(category ? { category } : {}),
      },
      brand: {
        name: brand.name,
        colors: brand.primary_colors,
        ...(brand.tone_of_voice ? { tone: brand.tone_of_voice } : {}),
      },
      ...(headline === undefined ? {} : { headline }),
      ...(cta === undefined ? {} : { cta }),
      ...(claim === undefined ? {} : { claim }),
      seed: seed ?? seedOf(canonicalJson({ product, brand })),
    },
    variants,
    platform,
    ...(photoUrl === undefined ? {} : { photoUrl }),
  };
}

function budgetOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (header !== '' && header.length <= MAX_ID_LENGTH && !/\s/.test(header)) return header;
  throw kernelErrors.invalid_request(undefined, {
    fields: [{ field: 'kiki-budget', expected: 'the id of a budget at SyncShield' }],
  });
}
