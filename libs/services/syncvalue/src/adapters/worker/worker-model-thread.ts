import { Worker, type WorkerOptions } from 'node:worker_threads';
import { DomainError, kernelErrors, type Clock } from '@kiki/kernel';
import type { Metrics } from '@kiki/metrics';
import type { PoolOptions } from '@kiki/postgres';
import type { LogForecast, LogForecastJob } from '../../application/forecast-job.js';
import type { LogFit, LogFitJob, LogScoreJob } from '../../application/log-jobs.js';
import type { LogGivenJob, LogMeasureJob, LogMeasurement } from '../../application/onnx-jobs.js';
import { ModelThread, type JobOptions } from '../../application/model-thread.js';
import type { FittedScores } from '../../domain/scoring.js';
import type { GivenScores } from '../../domain/scoring-given.js';
import { Slots } from './slots.js';
import type { WireError, WorkerJob, WorkerMessage, WorkerOutcome, WorkerTask } from './protocol.js';

/**
 * Runs each job on a worker thread of its own, `concurrency` at a time; an aborted job's thread is ended at
 * once.
 */
export class WorkerModelThread extends ModelThread {
  private readonly slots: Slots;
  private readonly durations;

  constructor(
    concurrency: number,
    private readonly store: PoolOptions,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    super();
    this.slots = new Slots(concurrency);
    this.durations = metrics.histogram({
      name: 'model_job_duration_seconds',
      help: 'Fits, scorings and forecasts on their threads, by kind and outcome.',
      labelNames: ['kind', 'outcome'],
    });
    const running = metrics.gauge({
      name: 'model_jobs_running',
      help: 'Fits, scorings and forecasts that have a thread right now.',
    });
    this.slots.onChange = (count) => running.set(count);
  }

  /** Jobs that have a thread. */
  get running(): number {
    return this.slots.taken;
  }

  override fit(job: LogFitJob, options: JobOptions): Promise<LogFit> {
    return this.run({ kind: 'fit', job }, options) as Promise<LogFit>;
  }

  override score(job: LogScoreJob, options: JobOptions): Promise<FittedScores> {
    return this.run({ kind: 'score', job }, options) as Promise<FittedScores>;
  }

  override forecast(job: LogForecastJob, options: JobOptions): Promise<LogForecast> {
    return this.run({ kind: 'forecast', job }, options) as Promise<LogForecast>;
  }

  override measure(job: LogMeasureJob, options: JobOptions): Promise<LogMeasurement> {
    return this.run({ kind: 'measure', job }, options) as Promise<LogMeasurement>;
  }

  override scoreGiven(job: LogGivenJob, options: JobOptions): Promise<GivenScores> {
    return this.run({ kind: 'scoreGiven', job }, options) as Promise<GivenScores>;
  }

  private async run(job: WorkerJob, options: JobOptions): Promise<WorkerOutcome> {
    const release = await this.slots.take(options.signal);
    const startedMs = this.clock.monotonicMs();
    let outcome = 'failed';
    try {
      const result = await runWorker({ ...job, store: this.store }, options);
      outcome = 'done';
      return result;
    } finally {
      release();
      const seconds = (this.clock.monotonicMs() - startedMs) / 1000;
      this.durations.observe({ kind: job.kind, outcome }, seconds);
    }
  }
}

async function runWorker(
  task: WorkerTask,
  { signal, onProgress }: JobOptions,
): Promise<WorkerOutcome> {
  signal.throwIfAborted();
  const worker = new Worker(workerProgram(), { ...workerOptions(), workerData: task });
  const ended = Promise.withResolvers<WorkerOutcome>();
  worker.on('message', (message: WorkerMessage) => {
    if (message.kind === 'progress') onProgress(message.stage, message.fraction);
    else if (message.kind === 'done') ended.resolve(message.outcome);
    else ended.reject(domainError(message.error));
  });
  worker.on('error', (error) =>
    ended.reject(kernelErrors.internal(undefined, {}, { cause: error })),
  );
  worker.on('exit', () => ended.reject(kernelErrors.internal('The model thread ended early.')));
  const onAbort = (): void => ended.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await ended.promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}

function domainError({ code, kind, message, details }: WireError): DomainError {
  return new DomainError(code, kind, message, details);
}

const isSource = import.meta.url.endsWith('.ts');

/** Where the thread puts its adapters together, as the module does for the service. */
function workerProgram(): URL {
  return new URL(`../../model-worker.${isSource ? 'ts' : 'js'}`, import.meta.url);
}

/** In tests the sources run as they are: `.js` specifiers mean `.ts` files, packages resolve to their sources. */
function workerOptions(): WorkerOptions {
  if (!isSource) return {};
  const resolve = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      try { return next(name, context); } catch (error) {
        if (!name.startsWith('.') || !name.endsWith('.js')) throw error;
        return next(name.slice(0, -3) + '.ts', context);
      }
    } });`;
  const hooks = `data:text/javascript,${encodeURIComponent(resolve)}`;
  const flags = ['--no-warnings', '--experimental-transform-types', '--conditions=@kiki/source'];
  return { execArgv: [...flags, '--import', hooks] };
}
