/** What a producer may say about a job. */
export interface JobOptions {
  /** Deduplicates while the job is kept; durable idempotency must live in the service's own tables. */
  readonly id?: string;
  /** @default 0 */
  readonly delayMs?: number;
  /** Attempts in all before the job goes to the dead-letter queue. @default 5 */
  readonly attempts?: number;
  /** 1 is the most urgent; 0 means no priority. @default 0 */
  readonly priority?: number;
}

/** A job as a processor sees it. */
export interface Job<T> {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly data: T;
  /** 1 on the first attempt. */
  readonly attempt: number;
  /** Aborts when the worker is asked to stop or the job's time is over. */
  readonly signal: AbortSignal;
  /** Progress from 0 to 1, shown by inspectors. */
  progress(fraction: number): Promise<void>;
}

/** Does the work of one job; a thrown DomainError that is not retryable goes straight to the dead letters. */
export type Processor<T, R> = (job: Job<T>) => Promise<R>;

/** How a worker runs. */
export interface WorkerOptions {
  /** Jobs at a time in this process. @default 4 */
  readonly concurrency?: number;
  /** Longest run of one attempt, milliseconds. @default 30000 */
  readonly timeoutMs?: number;
}

/** A job that gave up, or was refused (bad signature, wrong shape). */
export interface DeadLetter {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly tenant: string | undefined;
  readonly reason: string;
  readonly attempts: number;
  readonly failedAt: Date;
  readonly payload: unknown;
}

/** Counters of one queue. */
export interface QueueDepth {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly dead: number;
  /** Age of the oldest waiting job, milliseconds; 0 when none waits. */
  readonly oldestMs: number;
}

/**
 * One named queue of a service. Payloads are JSON, carry `tenant`, and are signed; unsigned ones become dead
 * letters.
 */
export abstract class JobQueue<T> {
  abstract readonly name: string;
  abstract add(tenant: string, name: string, data: T, options?: JobOptions): Promise<string>;
  abstract addBulk(
    tenant: string,
    jobs: readonly { readonly name: string; readonly data: T; readonly options?: JobOptions }[],
  ): Promise<string[]>;
  /** Starts a worker; it resumes ≤ 5 s after its store restarts and is drained by the host. */
  abstract work<R>(processor: Processor<T, R>, options?: WorkerOptions): Promise<void>;
  abstract depth(): Promise<QueueDepth>;
  abstract deadLetters(limit?: number): Promise<DeadLetter[]>;
  /** Puts a dead letter back into the queue with fresh attempts; its signature is checked again. */
  abstract replay(id: string): Promise<void>;
  /**
   * Removes finished jobs and dead letters of the tenant that name somebody, and rewrites those that wait; returns how
   * many. @throws unavailable while a running job names them
   */
  abstract scrub(tenant: string, scrub: Scrub<T>): Promise<number>;
  /** Resolves when nothing waits, is delayed or is active. @throws deadline_exceeded */
  abstract drained(timeoutMs: number): Promise<void>;
}

/** How somebody who has to be forgotten is taken out of a queue. */
export interface Scrub<T> {
  /** Whether a payload or a result names them. */
  readonly names: (value: unknown) => boolean;
  /** A job that still has to run, without them; undefined when nothing is left to do. */
  readonly without: (data: T) => T | undefined;
}

/** What is special about one queue. */
export interface QueueOptions {
  /** Scope that the key of a producer must have. @default `<area>:write` of the service, e.g. `flow:write` */
  readonly scope?: string;
  /** Another service of the same store that works on the queue; then jobs are only added. @default this one */
  readonly service?: string;
}

/** The queues of one service; bound to Redis or Postgres by the profile. */
export abstract class Queues {
  /** The queue of that name; asking twice gives the same one. Names are prefixed with the service's. */
  abstract queue<T>(name: string, options?: QueueOptions): JobQueue<T>;
  /** Takes part in readiness. @throws unavailable */
  abstract ping(): Promise<void>;
  /**
   * Drains: workers take no more, running jobs may finish within the grace, then go back into the queue. @default
   * 10000
   */
  abstract close(graceMs?: number): Promise<void>;
}
