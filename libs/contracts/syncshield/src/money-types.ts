import type { DomainError, Result } from '@kiki/kernel';

/** Kinds of caps. */
export type CapKind =
  'total' | 'calendar_day' | 'calendar_week' | 'calendar_month' | 'sliding_window' | 'rate';

/** What a cap counts: money, or approved holds. */
export type CapMeasure = 'micros' | 'actions';

/** A cap as a caller sets it. */
export interface CapInput {
  /** Unique within the budget. @default the kind, numbered when there are several */
  readonly id?: string;
  readonly kind: CapKind;
  /** Either this or `limitActions`; of a rate what comes back in one `windowMs`. */
  readonly limitMicros?: bigint;
  /** Instead of money: most approved holds. */
  readonly limitActions?: number;
  /** IANA name; only of the calendar kinds. @default 'UTC' */
  readonly timeZone?: string;
  /** Length in milliseconds; only of `sliding_window` and `rate`. */
  readonly windowMs?: number;
  /** Most at once, micros or actions; only of `rate`. @default the limit */
  readonly burst?: bigint;
  /** The day may reach this share of its limit, 100 to 1000; only of `calendar_day`. */
  readonly flexPercent?: number;
}

/** A budget as a caller creates it; its id is the idempotency key. */
export interface BudgetInput {
  readonly id: string;
  readonly parentId?: string;
  readonly name: string;
  /** ISO 4217; the same in a whole tree. */
  readonly currency: string;
  readonly caps: readonly CapInput[];
  /** Whether external spend without room pauses it; late spend always does. @default false */
  readonly pausesOnExternal?: boolean;
}

/** A cap with what it counts now. */
export interface Cap {
  readonly id: string;
  readonly kind: CapKind;
  /** Amounts of the other measure are null. */
  readonly measure: CapMeasure;
  readonly limitMicros: bigint | null;
  readonly timeZone: string | null;
  readonly windowMs: number | null;
  readonly spentMicros: bigint | null;
  readonly heldMicros: bigint | null;
  readonly headroomMicros: bigint | null;
  readonly limitActions: number | null;
  readonly usedActions: number | null;
  readonly headroomActions: number | null;
  readonly burst: bigint | null;
  readonly flexPercent: number | null;
  /** What it counts now; null ends are open. */
  readonly windowFrom: Date | null;
  readonly windowTo: Date | null;
}

/** A budget with what it and everything below it spent and holds. */
export interface Budget {
  readonly id: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly currency: string;
  readonly isPaused: boolean;
  readonly pausesOnExternal: boolean;
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
  readonly caps: readonly Cap[];
  readonly createdAt: Date;
}

/** What a caller asks for; the id is the idempotency key. */
export interface HoldRequest {
  readonly id: string;
  readonly budgetId: string;
  readonly amountMicros: bigint;
  readonly currency: string;
  /** Until when the caller means to settle, from the decision on. @default 60000 */
  readonly expiresInMs?: number;
  /** How much longer the money stays reserved for late notices. @default 300000 */
  readonly graceMs?: number;
  readonly purpose?: string;
  readonly reference?: string;
  /** What policies judge by. */
  readonly context?: HoldContext;
  /** Grants between `atLeastMicros` and `amountMicros`: a part of what is left. */
  readonly elastic?: Elastic;
}

/** What a hold is for; of the customer only a pseudonym is stored. */
export interface HoldContext {
  readonly channel?: string;
  readonly geo?: string;
  readonly campaignId?: string;
  readonly publisher?: string;
  readonly customerId?: string;
  readonly bidMicros?: bigint;
  readonly predictedLtvMicros?: bigint;
  readonly acquisitions?: number;
}

/** Takes a part of what is left instead of a fixed amount. */
export interface Elastic {
  /** Less than this is denied. */
  readonly atLeastMicros: bigint;
  /** At most the smallest headroom divided by this is granted. */
  readonly headroomDivisor: number;
}

/** Why a hold was decided so. */
export type HoldReason =
  'within_limits' | 'cap_exceeded' | 'budget_paused' | 'policy_denied' | 'kill_switch';

/** What stood in the way; what does not apply is null. */
export interface Denial {
  readonly budgetId: string;
  readonly capId: string | null;
  readonly kind: CapKind | null;
  readonly limitMicros: bigint | null;
  readonly spentMicros: bigint | null;
  readonly heldMicros: bigint | null;
  readonly headroomMicros: bigint | null;
  readonly measure: CapMeasure | null;
  readonly limitActions: number | null;
  readonly usedActions: number | null;
  readonly windowFrom: Date | null;
  readonly windowTo: Date | null;
  readonly ruleId: string | null;
  readonly policyVersion: number | null;
  readonly values: Readonly<Record<string, string>>;
}

/** A decided hold. */
export interface Hold {
  readonly id: string;
  readonly decision: 'approved' | 'denied';
  readonly reason: HoldReason;
  readonly budgetId: string;
  /** What was granted. */
  readonly amountMicros: bigint;
  readonly requestedMicros: bigint;
  readonly currency: string;
  readonly state: 'held' | 'captured' | 'voided' | 'expired' | 'denied';
  readonly capturedMicros: bigint;
  /** Spent although the hold no longer (or never) covered it. */
  readonly lateMicros: bigint;
  readonly refundedMicros: bigint;
  readonly decidedAt: Date;
  /** Null when denied. */
  readonly expiresAt: Date | null;
  /** When the money is given back if nobody settles; null when denied. */
  readonly releaseAt: Date | null;
  readonly denial: Denial | null;
}

/** A capture, a void or a refund; (holdId, settlementId) is the idempotency key. */
export interface SettlementRequest {
  readonly settlementId: string;
  readonly holdId: string;
  readonly action: 'capture' | 'void' | 'refund';
  /**
   * What was really spent, or came back. @default what is not spent yet, or all that was; a void
   * has none
   */
  readonly amountMicros?: bigint;
  /** Of a capture: whether the rest of the hold is free then. @default true */
  readonly isFinal?: boolean;
}

/** What became of a settlement. */
export interface Settlement {
  readonly settlementId: string;
  readonly outcome: 'captured' | 'voided' | 'late_spend' | 'refunded' | 'already_settled';
  readonly capturedMicros: bigint;
  readonly lateMicros: bigint;
  readonly refundedMicros: bigint;
  /** The hold as it stood right after. */
  readonly hold: Hold;
}

/** The answer of a check. */
export interface CheckAnswer {
  readonly isAllowed: boolean;
  readonly reason: HoldReason;
  /** The smallest headroom on the budget's path. */
  readonly headroomMicros: bigint;
}

/** One item of a batch: its own answer or its own error. */
export type ItemResult<T> = Result<T, DomainError>;
