import type { SyncShieldClient } from '@kiki/contract-syncshield';
import { DomainError } from '@kiki/kernel';
import { BudgetHolds } from '../../application/budget-holds.js';
import type { JobHold } from '../../domain/job.js';

/** How creatives are paid for. */
export interface Prices {
  /** Price of one creative, micros of the budget's own currency. */
  readonly variantCostMicros: bigint;
  /** How long a job may take until its money counts as late, milliseconds. */
  readonly holdMs: number;
}

/** Holds at SyncShield, under the job's own ids: everything may be repeated. */
export class ShieldBudgetHolds extends BudgetHolds {
  constructor(
    private readonly shield: SyncShieldClient,
    private readonly prices: Prices,
  ) {
    super();
  }

  override async hold(
    tenant: string,
    request: { readonly holdId: string; readonly budgetId: string; readonly variants: number },
  ): Promise<JobHold> {
    const { holdId, budgetId, variants } = request;
    const { currency } = await this.shield.getBudget(tenant, budgetId);
    const amountMicros = this.prices.variantCostMicros * BigInt(variants);
    const hold = await this.shield.hold(tenant, {
      id: holdId,
      budgetId,
      amountMicros,
      currency,
      expiresInMs: this.prices.holdMs,
      purpose: 'creatives',
      reference: holdId,
    });
    const state = hold.decision === 'approved' ? 'held' : 'denied';
    return { holdId, budgetId, amountMicros, currency, state, reason: hold.reason };
  }

  override async capture(tenant: string, { holdId }: JobHold): Promise<void> {
    await this.shield.capture(tenant, holdId, `${holdId}-capture`);
  }

  override async void(tenant: string, { holdId }: JobHold): Promise<void> {
    try {
      await this.shield.void(tenant, holdId, `${holdId}-void`);
    } catch (error) {
      // The hold was never taken: there is nothing to give back.
      if (!DomainError.is(error) || error.code !== 'hold_not_found') throw error;
    }
  }
}
