import type { Logger } from '@kiki/logging';
import { DomainError } from '@kiki/kernel';
import type { Job } from '../domain/job.js';
import type { BudgetHolds } from './budget-holds.js';
import type { Jobs } from './jobs.js';

const BATCH = 50;

/** Captures the money of what was made and gives back the rest; what SyncShield does not confirm is tried again. */
export class SettleHolds {
  constructor(
    private readonly jobs: Jobs,
    private readonly budgets: BudgetHolds,
    private readonly logger: Logger,
  ) {}

  /** Settles what is left over; returns how many were. */
  async execute(): Promise<number> {
    const jobs = await this.jobs.unsettled(BATCH);
    for (const job of jobs) await this.settleQuietly(job);
    return jobs.length;
  }

  /** Settles one finished job; when that fails now, a later run does it. */
  async settleQuietly(job: Job): Promise<void> {
    try {
      await this.settle(job);
    } catch (error) {
      if (!DomainError.is(error) || !error.isRetryable) {
        this.logger.error('settlement failed', { jobId: job.id, error });
        return;
      }
      this.logger.warn('settlement waits for SyncShield', { jobId: job.id, code: error.code });
    }
  }

  private async settle({ tenant, id, status, hold }: Job): Promise<void> {
    if (hold === null || (hold.state !== 'held' && hold.state !== 'asked')) return;
    if (status === 'done') {
      await this.budgets.capture(tenant, hold);
      await this.jobs.setHold(tenant, id, { ...hold, state: 'captured' });
    } else if (status === 'failed') {
      await this.budgets.void(tenant, hold);
      await this.jobs.setHold(tenant, id, { ...hold, state: 'voided' });
    }
  }
}
