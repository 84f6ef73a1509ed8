import { setTimeout as sleep } from 'node:timers/promises';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from '@kiki/logging';
import type { Queues } from '@kiki/queue';
import type { RunJob } from '../../application/run-job.js';
import type { TendJobs } from '../../application/tend-jobs.js';
import { workOnJobs, type JobWorkerOptions } from './job-worker.js';

/** How background work runs. */
export interface BackgroundOptions extends JobWorkerOptions {
  /** Time between two rounds of tending, milliseconds. */
  readonly tendIntervalMs: number;
}

/** Starts the worker and the tending with the application and stops the latter with it; the host drains the queue. */
export class Background implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly queues: Queues,
    private readonly run: RunJob,
    private readonly tend: TendJobs,
    private readonly logger: Logger,
    private readonly options: BackgroundOptions,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await workOnJobs(this.queues, this.run, this.options);
    this.loop = this.tendForEver();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.loop;
  }

  private async tendForEver(): Promise<void> {
    const { signal } = this.stop;
    for (;;) {
      await sleep(this.options.tendIntervalMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.tend.execute();
      } catch (error) {
        this.logger.warn('tending jobs failed; next round tries again', { error });
      }
    }
  }
}
