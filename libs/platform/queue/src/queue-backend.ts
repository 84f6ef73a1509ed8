import type { IQueueBackend, Job, Processor, Queue, Worker } from 'bullmq';

/** What lies in the store: anything, until its signature was checked. */
export type StoredJob = Job<unknown, unknown, string>;

/** A BullMQ queue on either backend. */
export type StoredQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend>;

/** A BullMQ worker on either backend. */
export type StoredWorker = Worker<unknown, unknown, string, IQueueBackend>;

/** How fast a worker notices what went wrong. */
export interface WorkerTimings {
  /** A job whose worker says nothing for this long may be taken over. @default 15000 */
  readonly lockMs: number;
  /** Time between searches for such jobs; take-over happens within lockMs + 2 × this. @default 5000 */
  readonly stalledCheckMs: number;
}

/** What a worker is opened with. */
export interface OpenWorkerOptions {
  readonly concurrency: number;
  readonly timings: WorkerTimings;
  /** Milliseconds until the next attempt. */
  readonly backoff: (failedAttempts: number, error: unknown) => number;
}

/** Binds BullMQ to one store for the queues of one service. */
export abstract class QueueBackend {
  /** Shown in readiness and logs. */
  abstract readonly kind: 'redis' | 'postgres';
  /** The producing and inspecting side: answers or fails within seconds. */
  abstract openQueue(name: string): StoredQueue;
  /** The consuming side: waits out outages of the store. */
  abstract openWorker(
    name: string,
    processor: Processor<unknown, unknown, string>,
    options: OpenWorkerOptions,
  ): StoredWorker;
  /**
   * Since when the longest-waiting job could have been run, milliseconds since the epoch; undefined when none
   * waits.
   */
  abstract oldestWaitingSinceMs(name: string): Promise<number | undefined>;
  /** The queues of another service in the same store, to put jobs into; closed with this one. */
  abstract of(service: string): QueueBackend;
  /** @throws unavailable */
  abstract ping(): Promise<void>;
  /** Closes the shared connections, after the queues and workers. */
  abstract close(): Promise<void>;
}

/** Settings that both backends give their workers. */
export function workerSettings(options: OpenWorkerOptions) {
  return {
    concurrency: options.concurrency,
    lockDuration: options.timings.lockMs,
    stalledInterval: options.timings.stalledCheckMs,
    // Losses are counted by `attemptsStarted`, which a replay resets; BullMQ's own stall counter would not be.
    maxStalledCount: Number.MAX_SAFE_INTEGER % 2 ** 31,
    runRetryDelay: 250,
    drainDelay: 2,
    settings: {
      backoffStrategy: (failedAttempts: number, _type?: string, error?: Error) =>
        options.backoff(failedAttempts, error),
    },
  };
}
