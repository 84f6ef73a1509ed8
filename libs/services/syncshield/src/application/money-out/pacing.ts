import type { Cap } from '../../domain/budget.js';
import type { Plan } from '../../domain/money-out/plan.js';

/** A cap of the path with what is left of it. */
export interface PacedCap {
  readonly budgetId: string;
  readonly cap: Cap;
  readonly spent: bigint;
  readonly held: bigint;
  readonly headroom: bigint;
  readonly window: { readonly fromMs?: number; readonly toMs?: number };
  /** When nothing is left at the rate of its budget; undefined when it lasts, or its window ends before. */
  readonly exhaustsMs?: number;
}

/** Spend against plan. */
export interface PlanProgress extends Plan {
  /** Nothing was set: the shortest calendar cap, evenly. */
  readonly isDefault: boolean;
  readonly fromMs: number;
  readonly toMs: number;
  readonly limitMicros: bigint;
  readonly plannedMicros: bigint;
  readonly spentMicros: bigint;
}

/** How a budget is spending, from one snapshot of what is committed. */
export interface PacingReport {
  readonly budgetId: string;
  readonly currency: string;
  readonly isPaused: boolean;
  /** The instant of the snapshot, by the clock of the store. */
  readonly asOfMs: number;
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
  /** Robust, over the last hour or since the budget exists. */
  readonly ratePerHour: bigint;
  readonly burn: readonly { readonly windowMs: number; readonly perHour: bigint }[];
  readonly plan?: PlanProgress;
  /** The cap of the path that is exhausted first. */
  readonly exhaustion?: {
    readonly atMs: number;
    readonly budgetId: string;
    readonly capId: string;
  };
  /** From the budget up to the root. */
  readonly caps: readonly PacedCap[];
}

/** Reads how budgets spend, and sets how they should. */
export abstract class Pacing {
  /** @throws budget_not_found */
  abstract read(tenant: string, budgetId: string): Promise<PacingReport>;
  /** Sets the plan of a budget; undefined takes it back. @throws budget_not_found, plan_invalid */
  abstract plan(
    change: { readonly tenant: string; readonly id: string; readonly actor: string },
    plan: Plan | undefined,
  ): Promise<void>;
}
