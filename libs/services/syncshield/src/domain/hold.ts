import type { CapKind, CapMeasure } from './budget.js';
import { isSameContext, type HoldContext } from './hold-context.js';

/** Where a hold stands. `expired` means released: its money is free again. */
export type HoldState = 'held' | 'captured' | 'voided' | 'expired' | 'denied';

/** Why a hold was approved or denied. */
export type HoldReason =
  'within_limits' | 'cap_exceeded' | 'budget_paused' | 'policy_denied' | 'kill_switch';

/** Defaults and bounds of the two deadlines, milliseconds. */
export const DEFAULT_EXPIRES_IN_MS = 60_000;
export const DEFAULT_GRACE_MS = 300_000;
export const MAX_EXPIRES_IN_MS = 31 * 86_400_000;
export const MAX_GRACE_MS = 31 * 86_400_000;

/**
 * What stood in the way: the cap with its values when it was asked, the rule with what it saw, or
 * only the paused budget.
 */
export interface Denial {
  readonly budgetId: string;
  readonly capId?: string;
  readonly kind?: CapKind;
  /** Of a cap on approved holds; then it has actions instead of micros. */
  readonly measure?: CapMeasure;
  readonly limitMicros?: bigint;
  readonly spentMicros?: bigint;
  readonly heldMicros?: bigint;
  readonly headroomMicros?: bigint;
  readonly limitActions?: bigint;
  readonly usedActions?: bigint;
  /** What the cap counted then, ms since the epoch; open ends are undefined. */
  readonly window?: { readonly fromMs?: number; readonly toMs?: number };
  readonly ruleId?: string;
  readonly policyVersion?: number;
  /** What else explains it, as text. */
  readonly values?: Readonly<Record<string, string>>;
}

/** Takes a part of what is left instead of a fixed amount: leases shrink near the end. */
export interface Elastic {
  /** Less than this is denied. */
  readonly atLeastMicros: bigint;
  /** At most this part of the smallest headroom of the path is granted. */
  readonly headroomDivisor: number;
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
  /** What policies judge by. */
  readonly context?: HoldContext;
  /** Grants between `atLeastMicros` and `amountMicros`. */
  readonly elastic?: Elastic;
}

/** A decided hold, approved or denied; `amountMicros` is what was granted. */
export interface Hold extends HoldRequest {
  /** What was asked for; more than was granted only of an elastic hold. */
  readonly requestedMicros: bigint;
  readonly shardNo: number;
  readonly budgetNo: bigint;
  readonly isApproved: boolean;
  readonly reason: HoldReason;
  readonly denial?: Denial;
  /** The policy it was judged by; undefined when none was in force. */
  readonly policyVersion?: number;
  readonly decidedMs: number;
  readonly state: HoldState;
  readonly capturedMicros: bigint;
  /** Spent although the hold no longer (or never) covered it. */
  readonly lateMicros: bigint;
  /** Came back of what was captured or late. */
  readonly refundedMicros: bigint;
  /** Purpose, reference and context were taken out since: a repetition is not compared by them. */
  readonly isRedacted?: boolean;
}

/** What the hold still keeps from others. */
export function heldMicros(hold: Hold): bigint {
  return hold.state === 'held' ? hold.amountMicros - hold.capturedMicros : 0n;
}

/** What the hold counts as spent. */
export function spentMicros(hold: Hold): bigint {
  return hold.capturedMicros + hold.lateMicros - hold.refundedMicros;
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
export function isSameRequest(hold: Hold, request: HoldRequest): boolean {
  return (
    hold.budgetId === request.budgetId &&
    hold.requestedMicros === request.amountMicros &&
    hold.currency === request.currency &&
    hold.expiresInMs === request.expiresInMs &&
    hold.graceMs === request.graceMs &&
    hold.elastic?.atLeastMicros === request.elastic?.atLeastMicros &&
    hold.elastic?.headroomDivisor === request.elastic?.headroomDivisor &&
    (hold.isRedacted === true || isSameText(hold, request))
  );
}

function isSameText(hold: HoldRequest, request: HoldRequest): boolean {
  return (
    hold.purpose === request.purpose &&
    hold.reference === request.reference &&
    isSameContext(hold.context, request.context)
  );
}

/** The hold as it was answered first, whatever happened to it since. */
export function firstAnswer(hold: Hold): Hold {
  const state = hold.isApproved ? 'held' : 'denied';
  return { ...hold, state, capturedMicros: 0n, lateMicros: 0n, refundedMicros: 0n };
}

/** One key for a tenant's thing in a map. */
export function keyOf(tenant: string, id: string, part?: string): string {
  return part === undefined ? `${tenant}\u0000${id}` : `${tenant}\u0000${id}\u0000${part}`;
}
