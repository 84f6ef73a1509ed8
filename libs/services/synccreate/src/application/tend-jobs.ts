import type { Clock } from '@kiki/kernel';
import type { JobDispatch } from './job-dispatch.js';
import type { Jobs } from './jobs.js';
import type { SettleHolds } from './settle-holds.js';

const BATCH = 100;
const DAY_MS = 86_400_000;
/** A job that nobody has worked on for so long was lost between its row and the queue. */
const LOST_AFTER_MS = 5 * 60_000;
/** A job that is still not done after this long never will be. */
const HOPELESS_AFTER_MS = 60 * 60_000;
const HOPELESS = 'The job could not be done within an hour.';

/** Keeps jobs going: settles money, queues lost jobs again, forgets old ones. */
export class TendJobs {
  constructor(
    private readonly jobs: Jobs,
    private readonly settle: SettleHolds,
    private readonly dispatch: JobDispatch,
    private readonly clock: Clock,
    private readonly retentionDays: number,
  ) {}

  async execute(): Promise<void> {
    await this.settle.execute();
    await this.reviveLost();
    await this.jobs.sweep(new Date(this.clock.nowMs() - this.retentionDays * DAY_MS));
  }

  private async reviveLost(): Promise<void> {
    const nowMs = this.clock.nowMs();
    const lost = await this.jobs.claimStale(new Date(nowMs - LOST_AFTER_MS), BATCH);
    for (const { tenant, id, createdAt } of lost) {
      if (nowMs - createdAt.getTime() < HOPELESS_AFTER_MS) await this.dispatch.dispatch(tenant, id);
      else await this.jobs.fail(tenant, id, { code: 'deadline_exceeded', detail: HOPELESS });
    }
  }
}
