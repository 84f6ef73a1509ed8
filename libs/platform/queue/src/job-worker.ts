import { DomainError, type Clock, type Random } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { JobRed } from '@kiki/metrics';
import { UnrecoverableError, WaitingError } from 'bullmq';
import { Attempt } from './attempt.js';
import { open, type OpenedPayload, type Trust } from './envelope.js';
import { errors } from './errors.js';
import { producerJobId } from './job-id.js';
import {
  backoffMs,
  DEFAULT_ATTEMPTS,
  isWorthRetrying,
  KEEP_COMPLETED,
  KEEP_DEAD,
  MAX_ATTEMPTS,
  MAX_LOSSES,
  reasonOf,
} from './policy.js';
import type { Processor } from './ports.js';
import type { QueueBackend, StoredJob, StoredWorker, WorkerTimings } from './queue-backend.js';

/** What a worker needs besides its processor. */
export interface WorkerContext {
  readonly backend: QueueBackend;
  readonly trust: Trust;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly timings: WorkerTimings;
  readonly red: JobRed | undefined;
}

/** How this worker runs, complete. */
export interface JobWorkerOptions {
  /** The queue's name in logs and metrics. */
  readonly queue: string;
  /** Its name in the store. */
  readonly storedName: string;
  readonly concurrency: number;
  readonly timeoutMs: number;
}

/** After a cut, a processor that listens has this long to end before the worker lets go of it. */
const SETTLE_MS = 2000;

/** Takes jobs of one queue, checks who signed them, and runs them until they are done or dead. */
export class JobWorker<T, R> {
  private readonly bull: StoredWorker;
  private readonly running = new Map<string, Attempt>();

  constructor(
    private readonly context: WorkerContext,
    private readonly processor: Processor<T, R>,
    private readonly options: JobWorkerOptions,
  ) {
    this.bull = context.backend.openWorker(
      options.storedName,
      (job, token) => this.process(job, token),
      {
        concurrency: options.concurrency,
        timings: context.timings,
        backoff: (failedAttempts, error) => backoffMs(failedAttempts, context.random, error),
      },
    );
    this.bull.on('error', (error) => {
      context.logger.warn('queue worker fault', { queue: options.queue, reason: reasonOf(error) });
    });
    this.bull.on('lockRenewalFailed', (ids: string[]) => {
      for (const id of ids) this.running.get(id)?.cut('lost');
    });
  }

  /** Takes no more jobs; running ones may finish within the grace, then they go back into the queue unharmed. */
  async stop(graceMs: number): Promise<void> {
    const closed = this.bull.close();
    if (await this.endsWithin(closed, graceMs)) return;
    for (const attempt of this.running.values()) attempt.cut('stop');
    if (await this.endsWithin(closed, SETTLE_MS)) return;
    this.context.logger.warn('queue worker did not drain', { queue: this.options.queue });
  }

  private async endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
    const waiting = new AbortController();
    const late = this.context.clock.sleep(ms, waiting.signal).then(
      () => false,
      () => false,
    );
    const isDone = await Promise.race([work.then(() => true), late]);
    waiting.abort();
    return isDone;
  }

  private async process(job: StoredJob, token: string | undefined): Promise<unknown> {
    const startedMs = this.context.clock.monotonicMs();
    takeOverOptions(job);
    const attempt = new Attempt();
    this.running.set(job.id ?? '', attempt);
    try {
      const result = await this.run(job, attempt);
      this.observe('completed', startedMs);
      return result ?? null;
    } catch (error) {
      if (attempt.cutBy === 'stop') {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      throw this.failure(job, error, startedMs);
    } finally {
      this.running.delete(job.id ?? '');
    }
  }

  private async run(job: StoredJob, attempt: Attempt): Promise<R> {
    if (job.attemptsStarted > (job.opts.attempts ?? DEFAULT_ATTEMPTS) + MAX_LOSSES) {
      throw errors.job_lost_too_often();
    }
    const opened = await open(this.context.trust, job.name, job.data);
    return attempt.run(
      (signal) => this.processor(jobOf<T>(job, opened, signal)),
      this.options.timeoutMs,
    );
  }

  /** The error that BullMQ is to see: unrecoverable when no other attempt makes sense. */
  private failure(job: StoredJob, error: unknown, startedMs: number): Error {
    const isFinal = !isWorthRetrying(error) && !isCancelled(error);
    const isLast = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    const isDead = isFinal || isLast;
    this.observe(isDead ? 'dead' : 'failed', startedMs);
    this.context.logger.warn(isDead ? 'job is a dead letter' : 'job attempt failed', {
      queue: this.options.queue,
      jobId: job.id,
      attempt: job.attemptsMade + 1,
      reason: reasonOf(error),
    });
    if (isFinal) return new UnrecoverableError(reasonOf(error));
    const failure = error instanceof Error ? error : new Error(String(error));
    if (DomainError.is(error)) failure.message = reasonOf(error);
    return failure;
  }

  private observe(outcome: 'completed' | 'failed' | 'dead', startedMs: number): void {
    const seconds = (this.context.clock.monotonicMs() - startedMs) / 1000;
    this.context.red?.observe(this.options.queue, outcome, seconds);
  }
}

/** Foreign producers may say what they like: retention, attempts and backoff are the queue's own. */
function takeOverOptions(job: StoredJob): void {
  const attempts = job.opts.attempts ?? 0;
  job.opts.attempts = attempts > 0 ? Math.min(attempts, MAX_ATTEMPTS) : DEFAULT_ATTEMPTS;
  job.opts.backoff = { type: 'kiki' };
  job.opts.removeOnComplete = { ...KEEP_COMPLETED };
  job.opts.removeOnFail = { ...KEEP_DEAD };
}

function isCancelled(error: unknown): boolean {
  return DomainError.is(error) && error.kind === 'cancelled';
}

function jobOf<T>(job: StoredJob, { tenant, data }: OpenedPayload, signal: AbortSignal) {
  return {
    id: producerJobId(tenant, job.id ?? ''),
    name: job.name,
    tenant,
    data: data as T,
    attempt: job.attemptsMade + 1,
    signal,
    progress: (fraction: number) => job.updateProgress(fraction),
  };
}
