import type { BudgetEvent, StopCause } from '../domain/budget-stop.js';

/** Why a budget is not bid from. */
export interface ActiveStop {
  readonly cause: StopCause;
  readonly origin: string;
}

/** Which budgets SyncShield has told to stop. */
export abstract class BudgetStops {
  /** Takes an event for all budgets that it concerns; twice, or in another order, it changes nothing more. */
  abstract apply(tenant: string, event: BudgetEvent, budgetIds: readonly string[]): Promise<void>;
  /** What stops budgets now, by budget. */
  abstract active(tenant: string, budgetIds: readonly string[]): Promise<Map<string, ActiveStop>>;
}
