import { DomainError, kernelErrors, uuidv7 } from '@kiki/kernel';
import type { Job as BullJob } from 'bullmq';
import { open, seal } from './envelope.js';
import { errors } from './errors.js';
import { producerJobId, storedJobId } from './job-id.js';
import { JobWorker, type WorkerContext } from './job-worker.js';
import { DEFAULT_ATTEMPTS, KEEP_COMPLETED, KEEP_DEAD, MAX_ATTEMPTS } from './policy.js';
import {
  JobQueue,
  type DeadLetter,
  type JobOptions,
  type Processor,
  type QueueDepth,
  type Scrub,
  type WorkerOptions,
} from './ports.js';
import type { StoredQueue } from './queue-backend.js';
import { scrubQueue } from './scrub-queue.js';

type NewJob<T> = { readonly name: string; readonly data: T; readonly options?: JobOptions };

const DRAIN_POLL_MS = 100;
const MAX_PRIORITY = 1_000_000;

/** A queue of BullMQ, on whichever backend. */
export class BullJobQueue<T> extends JobQueue<T> {
  private readonly bull: StoredQueue;
  private readonly workers: JobWorker<T, unknown>[] = [];
  /** Calls to the store that are under way. */
  private readonly underWay = new Set<Promise<unknown>>();
  private isClosed = false;

  /** @param storedName the name in the store, `<service>.<name>` */
  constructor(
    override readonly name: string,
    private readonly storedName: string,
    private readonly context: WorkerContext,
  ) {
    super();
    this.bull = context.backend.openQueue(storedName);
    // A producer learns of an outage from its own call; this listener only keeps the process alive.
    this.bull.on('error', () => undefined);
  }

  override async add(tenant: string, name: string, data: T, options?: JobOptions): Promise<string> {
    const [id] = await this.addBulk(tenant, [{ name, data, ...(options ? { options } : {}) }]);
    return id ?? '';
  }

  override async addBulk(tenant: string, jobs: readonly NewJob<T>[]): Promise<string[]> {
    const { trust } = this.context;
    const entries = await Promise.all(
      jobs.map(async (job) => ({
        name: job.name,
        data: await seal(trust, { tenant, name: job.name, data: job.data }),
        opts: this.bullOptions(tenant, job.options ?? {}),
      })),
    );
    const added = await this.reach(() => this.bull.addBulk(entries));
    return added.map((job) => producerJobId(tenant, job.id ?? ''));
  }

  override async work<R>(processor: Processor<T, R>, options: WorkerOptions = {}): Promise<void> {
    this.workers.push(
      new JobWorker<T, unknown>(this.context, processor, {
        queue: this.name,
        storedName: this.storedName,
        concurrency: options.concurrency ?? 4,
        timeoutMs: options.timeoutMs ?? 30_000,
      }),
    );
  }

  override async depth(): Promise<QueueDepth> {
    const [counts, since] = await this.reach(() =>
      Promise.all([
        this.bull.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed'),
        this.context.backend.oldestWaitingSinceMs(this.storedName),
      ]),
    );
    return {
      waiting: (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0),
      active: counts['active'] ?? 0,
      delayed: counts['delayed'] ?? 0,
      dead: counts['failed'] ?? 0,
      oldestMs: since === undefined ? 0 : Math.max(0, this.context.clock.nowMs() - since),
    };
  }

  override async deadLetters(limit = 100): Promise<DeadLetter[]> {
    const jobs = await this.reach(() => this.bull.getJobs(['failed'], 0, limit - 1, false));
    return (jobs as BullJob<unknown>[]).map((job) => this.deadLetterOf(job));
  }

  override async replay(id: string): Promise<void> {
    const job = await this.reach(() => this.bull.getJob(id));
    if (job === undefined || !(await this.reach(() => job.isFailed()))) {
      throw errors.dead_letter_not_found(`Queue ${this.name} has no dead letter ${id}.`);
    }
    await open(this.context.trust, job.name, job.data);
    await this.reach(() =>
      job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true }),
    );
  }

  override scrub(tenant: string, scrub: Scrub<T>): Promise<number> {
    return this.reach(() => scrubQueue(this.bull, this.context.trust, tenant, scrub));
  }

  override async drained(timeoutMs: number): Promise<void> {
    const { clock } = this.context;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    for (;;) {
      const { waiting, active, delayed } = await this.depth();
      if (waiting + active + delayed === 0) return;
      if (clock.monotonicMs() >= deadlineMs) {
        throw kernelErrors.deadline_exceeded(
          `Queue ${this.name} still has ${waiting} waiting, ${active} active and ${delayed} delayed jobs.`,
        );
      }
      await clock.sleep(DRAIN_POLL_MS);
    }
  }

  /** Stops the workers, lets calls under way end, then lets go of the queue. */
  async close(graceMs: number): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop(graceMs)));
    // A call to a queue that is closed would never be answered.
    this.isClosed = true;
    const isOver = new AbortController();
    const inTime = this.context.clock.sleep(graceMs, isOver.signal).catch(() => undefined);
    await Promise.race([Promise.allSettled(this.underWay), inTime]);
    isOver.abort();
    await this.bull.close();
  }

  private bullOptions(tenant: string, options: JobOptions) {
    const { clock, random } = this.context;
    check('delayMs', options.delayMs ?? 0, 0, 30 * 24 * 3_600_000);
    check('attempts', options.attempts ?? DEFAULT_ATTEMPTS, 1, MAX_ATTEMPTS);
    check('priority', options.priority ?? 0, 0, MAX_PRIORITY);
    return {
      jobId: options.id === undefined ? uuidv7(clock, random) : storedJobId(tenant, options.id),
      attempts: options.attempts ?? DEFAULT_ATTEMPTS,
      backoff: { type: 'kiki' },
      removeOnComplete: { ...KEEP_COMPLETED },
      removeOnFail: { ...KEEP_DEAD },
      ...(options.delayMs ? { delay: options.delayMs } : {}),
      ...(options.priority ? { priority: options.priority } : {}),
    };
  }

  private deadLetterOf(job: BullJob<unknown>): DeadLetter {
    const tenant = (job.data as { tenant?: unknown } | null)?.tenant;
    return {
      id: job.id ?? '',
      queue: this.name,
      name: job.name,
      tenant: typeof tenant === 'string' ? tenant : undefined,
      reason: job.failedReason ?? 'unknown',
      attempts: job.attemptsMade,
      failedAt: new Date(job.finishedOn ?? job.timestamp),
      payload: job.data,
    };
  }

  private async reach<R>(step: () => Promise<R>): Promise<R> {
    if (this.isClosed) throw kernelErrors.unavailable(`Queue ${this.name} is closed.`);
    const call = Promise.resolve().then(step);
    this.underWay.add(call);
    try {
      return await call;
    } catch (cause) {
      if (DomainError.is(cause)) throw cause;
      const message = `The store of queue ${this.name} does not answer.`;
      throw kernelErrors.unavailable(message, { retryAfterMs: 1000 }, { cause });
    } finally {
      this.underWay.delete(call);
    }
  }
}

function check(field: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw errors.job_options_invalid(`${field} must be a whole number from ${least} to ${most}.`, {
    fields: [{ field, expected: `a whole number from ${least} to ${most}` }],
  });
}
