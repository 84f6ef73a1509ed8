import { DomainError } from '@kiki/kernel';
import type { Job, JobError } from '../domain/job.js';
import type { BudgetHolds } from './budget-holds.js';
import type { Jobs } from './jobs.js';
import type { Observer } from './observer.js';
import type { MakeCreatives } from './make-creatives.js';
import type { SettleHolds } from './settle-holds.js';
import type { ValidateImage } from './validate-image.js';

/** One attempt at a job. */
export interface Attempt {
  readonly tenant: string;
  readonly jobId: string;
  /** True when nobody will try again. */
  readonly isLast: boolean;
  /** Aborts when the worker stops or the attempt's time is over; the job goes on later. */
  readonly signal: AbortSignal;
  progress(fraction: number): Promise<void>;
}

/** Does the work of a job and settles its money; may run more than once for the same job without another effect. */
export class RunJob {
  constructor(
    private readonly jobs: Jobs,
    private readonly work: { readonly make: MakeCreatives; readonly validate: ValidateImage },
    private readonly money: { readonly budgets: BudgetHolds; readonly settle: SettleHolds },
    private readonly observer: Observer,
  ) {}

  /** @throws what is worth another attempt; everything else ends the job as failed */
  async execute(attempt: Attempt): Promise<void> {
    const { tenant, jobId } = attempt;
    if (!(await this.jobs.start(tenant, jobId))) return;
    const job = await this.jobs.find(tenant, jobId);
    if (job === undefined) return;
    try {
      if (!(await this.isPaid(job))) return;
      await this.perform(job, attempt);
    } catch (error) {
      if (attempt.signal.aborted || (isWorthRetrying(error) && !attempt.isLast)) throw error;
      await this.jobs.fail(tenant, jobId, reasonOf(error));
    }
    const ended = await this.jobs.find(tenant, jobId);
    if (ended === undefined) return;
    this.observer.jobEnded(ended.work.kind, ended.status);
    await this.money.settle.settleQuietly(ended);
  }

  private async perform({ tenant, id, work }: Job, attempt: Attempt): Promise<void> {
    if (work.kind === 'generate') {
      const onEach = (fraction: number): Promise<void> => {
        attempt.signal.throwIfAborted();
        return attempt.progress(fraction);
      };
      await this.work.make.execute({ tenant, jobId: id }, work.request, onEach);
      await this.jobs.succeed(tenant, id, null);
    } else {
      await this.jobs.succeed(tenant, id, await this.work.validate.execute(tenant, work.request));
    }
  }

  /** Asks again for money whose answer was lost with the process that asked. */
  private async isPaid({ tenant, id, hold, work }: Job): Promise<boolean> {
    if (hold?.state !== 'asked' || work.kind !== 'generate') return true;
    const { holdId, budgetId } = hold;
    const { variants } = work.request;
    const answer = await this.money.budgets.hold(tenant, { holdId, budgetId, variants });
    if (answer.state === 'denied') {
      await this.jobs.deny(tenant, id, answer);
      return false;
    }
    await this.jobs.setHold(tenant, id, answer);
    return true;
  }
}

/** Faults of stores and peers may pass; what the request itself asks for will not. */
function isWorthRetrying(error: unknown): boolean {
  return !DomainError.is(error) || error.isRetryable;
}

function reasonOf(error: unknown): JobError {
  if (!DomainError.is(error))
    return { code: 'internal', detail: 'Something went wrong inside KIKI.' };
  const { code, message, details } = error;
  return { code, detail: message, ...(details.fields ? { fields: details.fields } : {}) };
}
