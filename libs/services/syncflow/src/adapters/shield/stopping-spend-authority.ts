import type { BudgetStops } from '../../application/budget-stops.js';
import {
  SpendAuthority,
  type HoldAnswer,
  type HoldRequest,
  type Settlement,
  type SettlementAnswer,
} from '../../application/spend-authority.js';

/**
 * Does not ask for money of budgets that SyncShield has told to stop; it would say no, or the money is spent
 * already.
 */
export class StoppingSpendAuthority extends SpendAuthority {
  constructor(
    private readonly shield: SpendAuthority,
    private readonly stops: BudgetStops,
  ) {
    super();
  }

  override async hold(tenant: string, requests: readonly HoldRequest[]): Promise<HoldAnswer[]> {
    const budgetIds = [...new Set(requests.map(({ budgetId }) => budgetId))];
    const stopped = await this.stops.active(tenant, budgetIds);
    const asked = requests.filter(({ budgetId }) => !stopped.has(budgetId));
    const answers = asked.length === 0 ? [] : await this.shield.hold(tenant, asked);
    const known = new Map(asked.map(({ id }, i) => [id, answers[i]]));
    return requests.map(({ id, budgetId }): HoldAnswer => {
      const stop = stopped.get(budgetId);
      if (stop !== undefined) return { id, isApproved: false, reason: `stopped_${stop.cause}` };
      // Whatever the answers lack, the caller finds by their ids.
      return known.get(id) ?? { id: '', isApproved: false, reason: 'not_answered' };
    });
  }

  override settle(tenant: string, settlements: readonly Settlement[]): Promise<SettlementAnswer[]> {
    return this.shield.settle(tenant, settlements);
  }
}
