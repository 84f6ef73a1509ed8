import type { DomainError, Result } from '@kiki/kernel';

/** Kinds of caps. */
export type CapKind = 'total' | 'calendar_day' | 'sliding_window';

/** A cap as a caller sets it. */
export interface CapInput {
  /** Unique within the budget. @default the kind, numbered when there are several */
  readonly id?: string;
  readonly kind: CapKind;
  readonly limitMicros: bigint;
  /** IANA name; only of `calendar_day`. @default 'UTC' */
  readonly timeZone?: string;
  /** Length in milliseconds; only of `sliding_window`. */
  readonly windowMs?: number;
}

/** A budget as a caller creates it; its id is the idempotency key. */
export interface BudgetInput {
  readonly id: string;
  readonly parentId?: string;
  readonly name: string;
  /** ISO 4217; the same in a whole tree. */
  readonly currency: string;
  readonly caps: readonly CapInput[];
}

/** A cap with what it counts now. */
export interface Cap {
  readonly id: string;
  readonly kind: CapKind;
  readonly limitMicros: bigint;
  readonly timeZone: string | null;
  readonly windowMs: number | null;
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
  readonly headroomMicros: bigint;
}

/** A budget with what it and everything below it spent and holds. */
export interface Budget {
  readonly id: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly currency: string;
  readonly isPaused: boolean;
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
}

/** Why a hold was decided so. */
export type HoldReason = 'within_limits' | 'cap_exceeded' | 'budget_paused';

/** What stood in the way; the cap and its values are null when a budget was paused. */
export interface Denial {
  readonly budgetId: string;
  readonly capId: string | null;
  readonly kind: CapKind | null;
  readonly limitMicros: bigint | null;
  readonly spentMicros: bigint | null;
  readonly heldMicros: bigint | null;
  readonly headroomMicros: bigint | null;
}

/** A decided hold. */
export interface Hold {
  readonly id: string;
  readonly decision: 'approved' | 'denied';
  readonly reason: HoldReason;
  readonly budgetId: string;
  readonly amountMicros: bigint;
  readonly currency: string;
  readonly state: 'held' | 'captured' | 'voided' | 'expired' | 'denied';
  readonly capturedMicros: bigint;
  /** Spent although the hold no longer (or never) covered it. */
  readonly lateMicros: bigint;
  readonly decidedAt: Date;
  /** Null when denied. */
  readonly expiresAt: Date | null;
  /** When the money is given back if nobody settles; null when denied. */
  readonly releaseAt: Date | null;
  readonly denial: Denial | null;
}

/** A capture or a void; (holdId, settlementId) is the idempotency key. */
export interface SettlementRequest {
  readonly settlementId: string;
  readonly holdId: string;
  readonly action: 'capture' | 'void';
  /** What was really spent. @default the whole hold; a void has none */
  readonly amountMicros?: bigint;
}

/** What became of a settlement. */
export interface Settlement {
  readonly settlementId: string;
  readonly outcome: 'captured' | 'voided' | 'late_spend' | 'already_settled';
  readonly capturedMicros: bigint;
  readonly lateMicros: bigint;
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
