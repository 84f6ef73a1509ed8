import type { ValidationResult } from '../domain/creative.js';
import { isFinished, type Job, type JobError, type JobHold } from '../domain/job.js';
import { BudgetHolds } from './budget-holds.js';
import { JobDispatch } from './job-dispatch.js';
import { Jobs } from './jobs.js';
import { Observer } from './observer.js';

/** Jobs in a map. */
export class MemoryJobs extends Jobs {
  readonly all = new Map<string, Job>();

  override async add(job: Job): Promise<void> {
    this.all.set(job.id, job);
  }

  override async find(_tenant: string, id: string): Promise<Job | undefined> {
    return this.all.get(id);
  }

  override async start(_tenant: string, id: string): Promise<boolean> {
    return this.change(id, { status: 'running' });
  }

  override async succeed(
    _t: string,
    id: string,
    validation: ValidationResult | null,
  ): Promise<void> {
    this.change(id, { status: 'done', validation, finishedAt: new Date(0) });
  }

  override async fail(_tenant: string, id: string, error: JobError): Promise<void> {
    this.change(id, { status: 'failed', error, finishedAt: new Date(0) });
  }

  override async deny(_tenant: string, id: string, hold: JobHold): Promise<void> {
    this.change(id, { status: 'denied', hold, finishedAt: new Date(0) });
  }

  override async setHold(_tenant: string, id: string, hold: JobHold): Promise<void> {
    const job = this.all.get(id);
    if (job) this.all.set(id, { ...job, hold });
  }

  override async unsettled(): Promise<Job[]> {
    return [...this.all.values()].filter(
      (job) => isFinished(job) && (job.hold?.state === 'asked' || job.hold?.state === 'held'),
    );
  }

  override async claimStale(): Promise<Job[]> {
    return [...this.all.values()].filter((job) => !isFinished(job));
  }

  override sweep = (): Promise<number> => Promise.resolve(0);

  private change(id: string, change: Partial<Job>): boolean {
    const job = this.all.get(id);
    if (job === undefined || isFinished(job)) return false;
    this.all.set(id, { ...job, ...change });
    return true;
  }
}

/**
 * A budget with a limit, kept as SyncShield keeps it: ids decide once, settlements count once. `isDown`
 * makes it unreachable.
 */
export class MemoryBudget extends BudgetHolds {
  isDown = false;
  /** The answer is lost on its way back, although the decision was made. */
  losesAnswers = false;
  readonly holds = new Map<
    string,
    { amount: bigint; state: 'held' | 'denied' | 'captured' | 'voided' }
  >();

  constructor(
    private readonly limitMicros: bigint,
    private readonly down: () => Error,
    private readonly costMicros = 10n,
  ) {
    super();
  }

  sum(state: 'held' | 'captured'): bigint {
    return [...this.holds.values()].reduce((s, h) => s + (h.state === state ? h.amount : 0n), 0n);
  }

  override async hold(
    _tenant: string,
    { holdId, budgetId, variants }: { holdId: string; budgetId: string; variants: number },
  ): Promise<JobHold> {
    if (this.isDown) throw this.down();
    const amount = this.costMicros * BigInt(variants);
    const isRoom = this.sum('held') + this.sum('captured') + amount <= this.limitMicros;
    if (!this.holds.has(holdId))
      this.holds.set(holdId, { amount, state: isRoom ? 'held' : 'denied' });
    if (this.losesAnswers) throw this.down();
    const state = this.holds.get(holdId)?.state === 'denied' ? 'denied' : 'held';
    const reason = state === 'denied' ? 'cap_exceeded' : 'within_limits';
    return { holdId, budgetId, amountMicros: amount, currency: 'EUR', state, reason };
  }

  override capture = (_tenant: string, { holdId }: JobHold): Promise<void> =>
    this.settle(holdId, 'captured');
  override void = (_tenant: string, { holdId }: JobHold): Promise<void> =>
    this.settle(holdId, 'voided');

  private async settle(holdId: string, state: 'captured' | 'voided'): Promise<void> {
    if (this.isDown) throw this.down();
    const hold = this.holds.get(holdId);
    if (hold?.state === 'held') hold.state = state;
  }
}

/** A queue that is only written down. */
export class ListDispatch extends JobDispatch {
  readonly tickets: string[] = [];
  override async dispatch(_tenant: string, jobId: string): Promise<void> {
    this.tickets.push(jobId);
  }
}

/** Nobody looks. */
export class NoObserver extends Observer {
  override creativeMade(): void {}
  override jobEnded(): void {}
  override holdDecided(): void {}
}
