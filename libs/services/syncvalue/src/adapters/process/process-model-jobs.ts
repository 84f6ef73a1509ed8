import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { DomainError, kernelErrors, type Clock } from '@kiki/kernel';
import type { Metrics } from '@kiki/metrics';
import type { PoolOptions } from '@kiki/postgres';
import type { LogForecast, LogForecastJob } from '../../application/forecast-job.js';
import type { LogFit, LogFitJob, LogScoreJob } from '../../application/log-jobs.js';
import type { LogGivenJob, LogMeasureJob, LogMeasurement } from '../../application/onnx-jobs.js';
import { ModelJobs, type JobOptions } from '../../application/model-jobs.js';
import type { FittedScores } from '../../domain/scoring.js';
import type { GivenScores } from '../../domain/scoring-given.js';
import { Slots } from './slots.js';
import type { WireError, ChildJob, ChildMessage, ChildOutcome, ChildTask } from './protocol.js';

/**
 * Runs each job in a process of its own, `concurrency` at a time; an aborted job's process is killed at once. A process
 * and not a thread: its heap, its collector and its end are not felt by the calls that are answered meanwhile.
 */
export class ProcessModelJobs extends ModelJobs {
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
      help: 'Fits, scorings and forecasts in their processes, by kind and outcome.',
      labelNames: ['kind', 'outcome'],
    });
    const running = metrics.gauge({
      name: 'model_jobs_running',
      help: 'Fits, scorings and forecasts that have a process right now.',
    });
    this.slots.onChange = (count) => running.set(count);
  }

  /** Jobs that have a process. */
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

  private async run(job: ChildJob, options: JobOptions): Promise<ChildOutcome> {
    const release = await this.slots.take(options.signal);
    const startedMs = this.clock.monotonicMs();
    let outcome = 'failed';
    try {
      const result = await runChild({ ...job, store: this.store }, options);
      outcome = 'done';
      return result;
    } finally {
      release();
      const seconds = (this.clock.monotonicMs() - startedMs) / 1000;
      this.durations.observe({ kind: job.kind, outcome }, seconds);
    }
  }
}

async function runChild(
  task: ChildTask,
  { signal, onProgress }: JobOptions,
): Promise<ChildOutcome> {
  signal.throwIfAborted();
  const child = fork(fileURLToPath(childProgram()), [], {
    ...{ serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    ...sourceOptions(),
  } as const);
  // In tests nobody waits for the process that answers, and the suites beside it would starve the fits.
  if (!isSource) giveWay(child);
  const ended = Promise.withResolvers<ChildOutcome>();
  const failed = (cause: Error): void =>
    ended.reject(kernelErrors.internal(undefined, {}, { cause }));
  child.on('message', (message: ChildMessage) => {
    if (message.kind === 'progress') onProgress(message.stage, message.fraction);
    else if (message.kind === 'done') ended.resolve(message.outcome);
    else ended.reject(domainError(message.error));
  });
  child.on('error', failed);
  child.on('exit', () => ended.reject(kernelErrors.internal('The model process ended early.')));
  child.send(task, (error) => error && failed(error));
  const onAbort = (): void => ended.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await ended.promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    child.kill('SIGKILL');
  }
}

/**
 * Fits can wait, calls cannot: where cores are short, the process that answers goes first. Said before the child has
 * threads of its own, which take its priority over.
 */
function giveWay({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // Forbidden, e.g. in a sandbox, or it is gone: then processes share as equals.
  }
}

function domainError({ code, kind, message, details }: WireError): DomainError {
  return new DomainError(code, kind, message, details);
}

const isSource = import.meta.url.endsWith('.ts');

/** Where the child puts its adapters together, as the module does for the service. */
function childProgram(): URL {
  return new URL(`../../model-child.${isSource ? 'ts' : 'js'}`, import.meta.url);
}

/** In tests the sources run as they are: `.js` specifiers mean `.ts` files, packages resolve to their sources. */
function sourceOptions(): Pick<ForkOptions, 'execArgv'> {
  if (!isSource) return { execArgv: [] };
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
