import { DomainError, uuidv7, type Clock, type Random } from '@kiki/kernel';
import type { Job, JobHold, JobWork } from '../domain/job.js';
import type { BudgetHolds } from './budget-holds.js';
import type { JobDispatch } from './job-dispatch.js';
import type { Jobs } from './jobs.js';
import type { Observer } from './observer.js';

/** What a caller wants done. */
export interface SubmitOptions {
  readonly tenant: string;
  readonly work: JobWork;
  /** Pays for the creatives; left out: nobody is asked. */
  readonly budgetId?: string;
}

/** Where ids come from. */
export interface IdSource {
  readonly clock: Clock;
  readonly random: Random;
}

/** Accepts a job: row first, then the money, then the queue, so that nothing is lost and nothing made unpaid. */
export class SubmitJob {
  constructor(
    private readonly jobs: Jobs,
    private readonly budgets: BudgetHolds,
    private readonly dispatch: JobDispatch,
    private readonly observer: Observer,
    private readonly source: IdSource,
  ) {}

  /**
   * The queued job; a job that the budget refused comes back `denied`.
   * @throws budget_not_found; unavailable, deadline_exceeded when a budget is named and SyncShield does not answer
   */
  async execute({ tenant, work, budgetId }: SubmitOptions): Promise<Job> {
    const { clock, random } = this.source;
    const id = uuidv7(clock, random);
    const job: Job = {
      tenant,
      id,
      work,
      status: 'queued',
      hold: budgetId === undefined ? null : asked(id, budgetId),
      error: null,
      validation: null,
      createdAt: clock.now(),
      finishedAt: null,
    };
    await this.jobs.add(job);
    const hold = await this.paid(job);
    if (hold?.state === 'denied')
      return { ...job, hold, status: 'denied', finishedAt: clock.now() };
    await this.dispatch.dispatch(tenant, id);
    return { ...job, hold };
  }

  private async paid(job: Job): Promise<JobHold | null> {
    const { tenant, id, work, hold } = job;
    if (hold === null || work.kind !== 'generate') return hold;
    try {
      const { holdId, budgetId } = hold;
      const { variants } = work.request;
      const answer = await this.budgets.hold(tenant, { holdId, budgetId, variants });
      if (answer.state === 'denied') await this.jobs.deny(tenant, id, answer);
      else await this.jobs.setHold(tenant, id, answer);
      this.observer.holdDecided(answer.state === 'denied' ? 'denied' : 'approved');
      return answer;
    } catch (error) {
      const code = DomainError.is(error) ? error.code : 'internal';
      if (!DomainError.is(error) || error.isRetryable) this.observer.holdDecided('unreachable');
      const detail = DomainError.is(error) ? error.message : 'The budget could not be asked.';
      await this.jobs.fail(tenant, id, { code, detail });
      throw error;
    }
  }
}

function asked(jobId: string, budgetId: string): JobHold {
  return {
    holdId: `synccreate-${jobId}`,
    budgetId,
    amountMicros: 0n,
    currency: '',
    state: 'asked',
    reason: null,
  };
}
