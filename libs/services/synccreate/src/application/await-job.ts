import type { Clock } from '@kiki/kernel';
import { isFinished, type Job } from '../domain/job.js';
import { errors } from '../errors.js';
import type { Jobs } from './jobs.js';

const FIRST_LOOK_MS = 40;
const LONGEST_LOOK_MS = 250;

/** Looks a job up, and waits for its end as long as the caller likes to. */
export class AwaitJob {
  constructor(
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /**
   * The job as it is when it ends or after `waitMs`, whichever is first.
   * @throws job_not_found
   */
  async execute(tenant: string, id: string, waitMs = 0): Promise<Job> {
    const deadlineMs = this.clock.monotonicMs() + waitMs;
    for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(LONGEST_LOOK_MS, lookMs * 1.5)) {
      const job = await this.jobs.find(tenant, id);
      if (job === undefined) throw errors.job_not_found();
      const restMs = deadlineMs - this.clock.monotonicMs();
      if (isFinished(job) || restMs <= 0) return job;
      await this.clock.sleep(Math.min(lookMs, restMs));
    }
  }
}
