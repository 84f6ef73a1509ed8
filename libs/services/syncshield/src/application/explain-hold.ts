import type { Hold } from '../domain/hold.js';
import type { Outcome } from '../domain/policy/finding.js';
import type { RuleKind } from '../domain/policy/rule.js';
import type { CapReport } from './ledger.js';

/** What one rule had to do with a hold. `not_reached`: an earlier one had denied it. */
export interface RuleTrace {
  readonly ruleId: string;
  readonly kind: RuleKind;
  readonly outcome: Outcome | 'not_reached';
  /** What was compared; empty where it was not kept (what rules know beyond an approved hold). */
  readonly values: Readonly<Record<string, string>>;
}

/** A cap of the hold's path as it counts now; the one that denied is in the hold's denial with its values then. */
export interface CapTrace {
  readonly budgetId: string;
  readonly isDenier: boolean;
  readonly now: CapReport;
}

/** Why a hold was decided so. */
export interface Explanation {
  readonly hold: Hold;
  /** By which policy, in the order of its rules; empty without one. */
  readonly rules: readonly RuleTrace[];
  readonly caps: readonly CapTrace[];
}

/** Explains decisions from what is stored. */
export abstract class ExplainHold {
  /** @throws hold_not_found */
  abstract explain(tenant: string, id: string): Promise<Explanation>;
}
