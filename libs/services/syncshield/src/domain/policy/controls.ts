import type { Budget } from '../budget.js';
import type { CompiledPolicy } from './compiled-policy.js';

/** What a kill switch that is on stops. */
export interface KillScope {
  readonly id: string;
  /** Undefined stops the whole tenant. */
  readonly budgetId?: string;
  readonly setMs: number;
}

/** What is in force for a tenant. */
export interface Controls {
  readonly version: bigint;
  readonly kills: readonly KillScope[];
  readonly policy: CompiledPolicy | undefined;
}

/** Nothing is in force. */
export const NO_CONTROLS: Controls = { version: 0n, kills: [], policy: undefined };

/** The kill switch that stops a budget, if any. */
export function killOf(
  { kills }: Controls,
  path: readonly Pick<Budget, 'id'>[],
): KillScope | undefined {
  if (kills.length === 0) return undefined;
  return kills.find(
    ({ budgetId }) => budgetId === undefined || path.some(({ id }) => id === budgetId),
  );
}
