import type { CapKind } from './budget.js';

/** Where a hold stands. `expired` means released: its money is free again. */
export type HoldState = 'held' | 'captured' | 'voided' | 'expired' | 'denied';

/** Why a hold was approved or denied. */
export type HoldReason = 'within_limits' | 'cap_exceeded' | 'budget_paused';

/** Defaults and bounds of the two deadlines, milliseconds. */
export const DEFAULT_EXPIRES_IN_MS = 60_000;
export const DEFAULT_GRACE_MS = 300_000;
export const MAX_EXPIRES_IN_MS = 31 * 86_400_000;
export const MAX_GRACE_MS = 31 * 86_400_000;

/** What stood in the way: the cap with its values when it was asked, or only the paused budget. */
export interface Denial {
  readonly budgetId: string;
  readonly capId?: string;
  readonly kind?: CapKind;
  readonly limitMicros?: bigint;
  readonly spentMicros?: bigint;
  readonly heldMicros?: bigint;
  readonly headroomMicros?: bigint;
}

/** What a caller asks for. The id is the idempotency key. */
export interface HoldRequest {
  readonly tenant: string;
  readonly id: string;
  readonly budgetId: string;
  readonly amountMicros: bigint;
  readonly currency: string;
  /** Until when the caller means to settle, from the decision on. */
  readonly expiresInMs: number;
  /** How much longer the money stays reserved for notices that come late. */
  readonly graceMs: number;
  readonly purpose?: string;
  readonly reference?: string;
}

/** A decided hold, approved or denied. */
export interface Hold extends HoldRequest {
  readonly shardNo: number;
  readonly budgetNo: bigint;
  readonly isApproved: boolean;
  readonly reason: HoldReason;
  readonly denial?: Denial;
  readonly decidedMs: number;
  readonly state: HoldState;
  readonly capturedMicros: bigint;
  /** Spent although the hold no longer (or never) covered it. */
  readonly lateMicros: bigint;
}

/** The caller's deadline, ms since the epoch. */
export function expiresMs(hold: Hold): number {
  return hold.decidedMs + hold.expiresInMs;
}

/** When the money is given back if nobody settles, ms since the epoch. */
export function releaseMs(hold: Hold): number {
  return expiresMs(hold) + hold.graceMs;
}

/** Whether a request repeats the one that made the hold. */
export function isSameRequest(hold: HoldRequest, request: HoldRequest): boolean {
  return (
    hold.budgetId === request.budgetId &&
    hold.amountMicros === request.amountMicros &&
    hold.currency === request.currency &&
    hold.expiresInMs === request.expiresInMs &&
    hold.graceMs === request.graceMs &&
    hold.purpose === request.purpose &&
    hold.reference === request.reference
  );
}

/** The hold as it was answered first, whatever happened to it since. */
export function firstAnswer(hold: Hold): Hold {
  const state = hold.isApproved ? 'held' : 'denied';
  return { ...hold, state, capturedMicros: 0n, lateMicros: 0n };
}

/** One key for a tenant's thing in a map. */
export function keyOf(tenant: string, ...ids: readonly string[]): string {
  return [tenant, ...ids].join('\u0000');
}
