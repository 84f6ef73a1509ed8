import type { Queues } from '@kiki/queue';
import { EngageJobs } from '../../application/segments.js';

/** Queues of the background work and what their jobs carry. */
export const REFRESH_QUEUE = 'segments';
export const RUN_QUEUE = 'journeys';
export interface RefreshJob {
  readonly refreshId: string;
}
export interface RunJob {
  readonly runId: string;
}

/**
 * With the queue's backoff this is hours; later the tending puts what is left into the queue again.
 */
const RUN_ATTEMPTS = 50;

/** Background work through the service's queues. */
export class QueuedEngageJobs extends EngageJobs {
  constructor(private readonly queues: Queues) {
    super();
  }

  override async refreshSegments(tenant: string, refreshId: string): Promise<void> {
    await this.queues.queue<RefreshJob>(REFRESH_QUEUE).add(tenant, 'refresh', { refreshId });
  }

  override async runJourney(tenant: string, runId: string): Promise<void> {
    const options = { attempts: RUN_ATTEMPTS };
    await this.queues.queue<RunJob>(RUN_QUEUE).add(tenant, 'run', { runId }, options);
  }
}
