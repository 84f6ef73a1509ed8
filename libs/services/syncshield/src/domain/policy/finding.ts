import type { Budget } from '../budget.js';
import type { HoldContext } from '../hold-context.js';
import type { HoldRequest } from '../hold.js';
import type { SpendVelocityRule } from './rule.js';
import type { SpendProfile } from './spend-profile.js';

/** One hold as rules see it. */
export interface Ask {
  readonly request: HoldRequest;
  readonly context: HoldContext;
  /** From the budget that is asked up to the root. */
  readonly path: readonly Budget[];
  readonly nowMs: number;
}

/** `learning`: too little history to judge, so the hold passes. */
export type Outcome = 'passed' | 'denied' | 'not_applicable' | 'learning';

/** From when to when a rule counted, ms since the epoch. */
export interface FindingWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a rule says of a hold. */
export interface Finding {
  readonly outcome: Outcome;
  /** What it compared, as text; money in micros. No personal data. */
  readonly values?: Readonly<Record<string, string>>;
  readonly window?: FindingWindow;
  /** Where amounts were counted, when that is not the budget that was asked. */
  readonly budgetId?: string;
}

export const PASSED: Finding = { outcome: 'passed' };
export const NOT_APPLICABLE: Finding = { outcome: 'not_applicable' };

type Values = Readonly<Record<string, string>>;

/** A finding by whether it holds; what it compared is written out when somebody asks. */
export function found(
  isRight: boolean,
  values: Values | (() => Values),
  rest: Omit<Finding, 'outcome' | 'values'> = {},
): Finding {
  const outcome = isRight ? 'passed' : 'denied';
  if (typeof values !== 'function') return { outcome, values, ...rest };
  return {
    outcome,
    get values() {
      return values();
    },
    ...rest,
  };
}

/** An attribute that a rule needs is not there. */
export function missing(attribute: string, onMissing: 'deny' | 'pass'): Finding {
  return {
    outcome: onMissing === 'deny' ? 'denied' : 'not_applicable',
    values: { missing: attribute },
  };
}

/** What was spent in a window and what it brought. */
export interface AcquisitionFacts {
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
  readonly acquisitions: number;
  readonly fromMs: number;
}

/** What a registry says of a customer's consent. */
export interface ConsentVerdict {
  readonly isGranted: boolean;
  /** e.g. `granted`, `withdrawn`, `no_record`. */
  readonly reason: string;
  /** The record that says so. */
  readonly receiptId?: string;
}

/**
 * What rules know beyond the hold. Amounts include what the same transaction has approved already. Undefined where
 * nothing is known.
 */
export interface Facts {
  /** Approved within the window of a rule at a budget. */
  approvedMicros(rule: SpendVelocityRule, budgetNo: bigint, nowMs: number): bigint;
  profile(budgetNo: bigint): SpendProfile | undefined;
  acquisition(ruleId: string, budgetNo: bigint): AcquisitionFacts | undefined;
  /** Approved so far for a new value. */
  trialMicros(ruleId: string, value: string): bigint;
  consent(purpose: string, context: HoldContext): ConsentVerdict | undefined;
}
