import type { Metrics } from '@kiki/metrics';
import type { JobQueue } from './ports.js';

const EVERY_MS = 10_000;
const STATES = ['waiting', 'active', 'delayed', 'dead'] as const;

/** Keeps `queue_depth_jobs{queue,state}` and `queue_oldest_job_age_seconds{queue}` fresh while the queues are open. */
export class QueueGauges {
  private readonly timer: NodeJS.Timeout;
  private readonly depth;
  private readonly age;

  constructor(
    metrics: Metrics,
    private readonly queues: ReadonlyMap<string, JobQueue<unknown>>,
  ) {
    this.depth = metrics.gauge({
      name: 'queue_depth_jobs',
      help: 'Jobs of a queue by state; dead ones are dead letters.',
      labelNames: ['queue', 'state'],
    });
    this.age = metrics.gauge({
      name: 'queue_oldest_job_age_seconds',
      help: 'Age of the longest-waiting job of a queue; 0 when none waits.',
      labelNames: ['queue'],
    });
    // An outage leaves the last values standing; readiness and the log tell of it.
    this.timer = setInterval(() => void this.refresh().catch(() => undefined), EVERY_MS).unref();
  }

  /** Reads every queue once. @throws unavailable */
  async refresh(): Promise<void> {
    for (const [queue, jobs] of this.queues) {
      const counts = await jobs.depth();
      for (const state of STATES) this.depth.set({ queue, state }, counts[state]);
      this.age.set({ queue }, counts.oldestMs / 1000);
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
