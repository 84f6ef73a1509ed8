import type { JobHold } from '../domain/job.js';

/** Money for jobs, at SyncShield. */
export abstract class BudgetHolds {
  /**
   * Asks for the price of `variants` creatives out of a budget; asking twice under one id gives the first answer.
   * @throws budget_not_found; unavailable, deadline_exceeded when SyncShield does not answer (nothing is made then)
   */
  abstract hold(
    tenant: string,
    request: { readonly holdId: string; readonly budgetId: string; readonly variants: number },
  ): Promise<JobHold>;
  /** Captures the whole hold. @throws unavailable, deadline_exceeded */
  abstract capture(tenant: string, hold: JobHold): Promise<void>;
  /** Gives the money back. @throws unavailable, deadline_exceeded */
  abstract void(tenant: string, hold: JobHold): Promise<void>;
}
