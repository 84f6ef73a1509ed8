import type { DynamicModule, Provider } from '@nestjs/common';
import { Peers } from '@kiki/auth';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { Readiness } from '@kiki/health';
import { provide } from '@kiki/host';
import { Clock, Random } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Metrics } from '@kiki/metrics';
import { ObjectStore } from '@kiki/objects';
import { Database } from '@kiki/postgres';
import { Queues } from '@kiki/queue';
import { SubjectData, SubjectDataController, subjectDataProviders } from '@kiki/subject-data';
import { ownTerms, PROHIBITED_TERMS } from '@kiki/studio';
import { imageAgent } from './adapters/fetch/guarded-agent.js';
import { GuardedImageSource } from './adapters/fetch/guarded-image-source.js';
import { CreativesController } from './adapters/http/creatives.controller.js';
import { WorkController } from './adapters/http/work.controller.js';
import { ModelLife } from './adapters/inference/model-life.js';
import { OnnxSaliency } from './adapters/inference/onnx-saliency.js';
import { PromObserver } from './adapters/metrics/prom-observer.js';
import { PostgresCreatives } from './adapters/postgres/postgres-creatives.js';
import { PostgresJobs } from './adapters/postgres/postgres-jobs.js';
import { CreateSubjectData } from './adapters/privacy/create-subject-data.js';
import { Background } from './adapters/queue/background.js';
import { QueueJobDispatch } from './adapters/queue/job-worker.js';
import { loadFonts } from './adapters/render/fonts.js';
import { SharpPictureMaker } from './adapters/render/sharp-picture-maker.js';
import { ShieldBudgetHolds } from './adapters/shield/shield-budget-holds.js';
import { AwaitJob } from './application/await-job.js';
import { BudgetHolds } from './application/budget-holds.js';
import { Creatives } from './application/creatives.js';
import { ImageSource } from './application/image-source.js';
import { JobDispatch } from './application/job-dispatch.js';
import { Jobs } from './application/jobs.js';
import { LookAtPicture } from './application/look-at-picture.js';
import { MakeCreatives } from './application/make-creatives.js';
import { Observer } from './application/observer.js';
import { PictureMaker } from './application/picture-maker.js';
import { RunJob } from './application/run-job.js';
import { Saliency } from './application/saliency.js';
import { SettleHolds } from './application/settle-holds.js';
import { SubmitJob } from './application/submit-job.js';
import { TendJobs } from './application/tend-jobs.js';
import { ValidateImage } from './application/validate-image.js';
import type { SynccreateConfig } from './synccreate.config.js';

/** The whole wiring of SyncCreate. */
export function synccreateModule(config: SynccreateConfig): DynamicModule {
  return {
    module: class SynccreateModule {},
    controllers: [WorkController, CreativesController, SubjectDataController],
    providers: [...technology(config), ...useCases(config), ...background(config)],
  };
}

function technology(config: SynccreateConfig): Provider[] {
  const { inferenceTimeoutMs: runTimeoutMs, providers, shieldTimeoutMs: timeoutMs } = config;
  return [
    provide(PostgresJobs, [Database], Jobs),
    provide(PostgresCreatives, [Database], Creatives),
    provide(CreateSubjectData, [], SubjectData),
    ...subjectDataProviders,
    provide(QueueJobDispatch, [Queues], JobDispatch),
    provide(PromObserver, [Metrics], Observer),
    { provide: PictureMaker, useFactory: () => new SharpPictureMaker(loadFonts()) },
    {
      provide: ImageSource,
      inject: [ObjectStore],
      useFactory: (objects: ObjectStore) => imageSource(objects, config),
    },
    {
      provide: OnnxSaliency,
      inject: [Clock, Logger, Metrics],
      useFactory: (clock: Clock, logger: Logger, metrics: Metrics) =>
        new OnnxSaliency(clock, logger, { providers, runTimeoutMs, restMs: 30_000 }, metrics),
    },
    { provide: Saliency, useExisting: OnnxSaliency },
    {
      provide: BudgetHolds,
      inject: [Peers],
      useFactory: (peers: Peers) => {
        const headers = (tenant: string): Record<string, string> => peers.headers(tenant);
        const shield = new SyncShieldClient({
          baseUrl: peers.url('syncshield'),
          headers,
          timeoutMs,
        });
        const variantCostMicros = BigInt(config.variantCostMicros);
        return new ShieldBudgetHolds(shield, { variantCostMicros, holdMs: config.holdMs });
      },
    },
  ];
}

function imageSource(objects: ObjectStore, config: SynccreateConfig): GuardedImageSource {
  const { fetchMaxBytes: maxBytes, fetchTimeoutMs: timeoutMs, trustedOrigins } = config;
  const agent = imageAgent({ connectTimeoutMs: timeoutMs, maxBytes });
  const maxRedirects = config.fetchMaxRedirects;
  return new GuardedImageSource(objects, agent, {
    maxBytes,
    timeoutMs,
    maxRedirects,
    trustedOrigins,
  });
}

function useCases(config: SynccreateConfig): Provider[] {
  const terms = [...PROHIBITED_TERMS, ...ownTerms(config.prohibitedTerms)];
  return [
    {
      provide: SubmitJob,
      inject: [Jobs, BudgetHolds, JobDispatch, Observer, Clock, Random],
      useFactory: (
        jobs: Jobs,
        budgets: BudgetHolds,
        dispatch: JobDispatch,
        observer: Observer,
        clock: Clock,
        random: Random,
      ) => new SubmitJob(jobs, budgets, dispatch, observer, { clock, random }),
    },
    provide(AwaitJob, [Jobs, Clock]),
    provide(LookAtPicture, [PictureMaker, Saliency]),
    {
      provide: MakeCreatives,
      inject: [
        PictureMaker,
        LookAtPicture,
        ImageSource,
        ObjectStore,
        Creatives,
        Observer,
        Clock,
        Random,
      ],
      useFactory: (
        pictures: PictureMaker,
        look: LookAtPicture,
        images: ImageSource,
        objects: ObjectStore,
        creatives: Creatives,
        observer: Observer,
        clock: Clock,
        random: Random,
      ) => {
        const workshop = { pictures, look, images, objects, creatives, observer };
        return new MakeCreatives(workshop, clock, random, terms);
      },
    },
    {
      provide: ValidateImage,
      inject: [ImageSource, PictureMaker, Creatives],
      useFactory: (images: ImageSource, pictures: PictureMaker, creatives: Creatives) =>
        new ValidateImage(images, pictures, creatives, terms),
    },
    provide(SettleHolds, [Jobs, BudgetHolds, Logger]),
    {
      provide: RunJob,
      inject: [Jobs, MakeCreatives, ValidateImage, BudgetHolds, SettleHolds, Observer],
      useFactory: (
        jobs: Jobs,
        make: MakeCreatives,
        validate: ValidateImage,
        budgets: BudgetHolds,
        settle: SettleHolds,
        observer: Observer,
      ) => new RunJob(jobs, { make, validate }, { budgets, settle }, observer),
    },
    {
      provide: TendJobs,
      inject: [Jobs, SettleHolds, JobDispatch, Clock],
      useFactory: (jobs: Jobs, settle: SettleHolds, dispatch: JobDispatch, clock: Clock) =>
        new TendJobs(jobs, settle, dispatch, clock, config.jobRetentionDays),
    },
  ];
}

function background(config: SynccreateConfig): Provider[] {
  const { jobConcurrency: concurrency, jobTimeoutMs: timeoutMs, tendIntervalMs } = config;
  return [
    provide(ModelLife, [OnnxSaliency, Readiness]),
    {
      provide: Background,
      inject: [Queues, RunJob, TendJobs, Logger],
      useFactory: (queues: Queues, run: RunJob, tend: TendJobs, logger: Logger) =>
        new Background(queues, run, tend, logger, { concurrency, timeoutMs, tendIntervalMs }),
    },
  ];
}
