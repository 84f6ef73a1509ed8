import type { CapInput } from '../caps.js';
import type { HoldState } from '../hold.js';
import { dateOf, mondayOf, monthOf, windowStartMs } from './reference-time.js';

/** A budget of the reference: who is above it, and what it may spend. */
export interface ReferenceBudget {
  readonly id: string;
  readonly parent: ReferenceBudget | undefined;
  readonly currency: string;
  readonly pausesOnExternal: boolean;
  isPaused: boolean;
  /** Whether a breach is open. */
  isBreached: boolean;
  caps: ReferenceCap[];
}

/** A cap with what a rate has to remember of its own past. */
export interface ReferenceCap {
  readonly id: string;
  input: CapInput;
  /** Approvals since the cap exists, in order; what came before fills the burst of then at most. */
  readonly approvals: { readonly atMs: number; readonly amount: bigint; readonly brim?: bigint }[];
  /** Limits of a rate and from when on. */
  readonly limits: { readonly fromMs: number; readonly limit: bigint }[];
}

/** What is remembered of a hold or an entry: nothing is counted, everything is summed anew. */
export interface Fact {
  readonly path: readonly ReferenceBudget[];
  readonly atMs: number;
  /** Of a hold: what was granted, and until when it may be held. */
  readonly grantedMicros: bigint;
  readonly isApproved: boolean;
  readonly releaseMs: number;
  state: HoldState | 'entry';
  capturedMicros: bigint;
  lateMicros: bigint;
  /** Came back; of an entry what it moves, negated. */
  refundedMicros: bigint;
}

/** What a fact keeps from others. */
export function heldBy(fact: Fact): bigint {
  return fact.state === 'held' ? fact.grantedMicros - fact.capturedMicros : 0n;
}

/** What a fact has spent. */
export function spentBy({ capturedMicros, lateMicros, refundedMicros }: Fact): bigint {
  return capturedMicros + lateMicros - refundedMicros;
}

/** What a cap counts. */
export interface Counted {
  readonly spent: bigint;
  readonly held: bigint;
}

/** The limit that holds: of a rate its burst, of a flexible day its share. */
export function limitOf({ kind, limit, burst, flexPercent }: CapInput): bigint {
  if (kind === 'rate') return burst ?? limit;
  return flexPercent === undefined ? limit : (limit * BigInt(flexPercent)) / 100n;
}

/** Whether a fact of `atMs` counts where one of `slotMs` does, asked at `nowMs`. */
export function isCounted(cap: CapInput, atMs: number, slotMs: number, nowMs: number): boolean {
  const { kind, timeZone, windowMs = 0 } = cap;
  if (kind === 'total') return true;
  if (kind === 'sliding_window') {
    const fromMs = windowStartMs(windowMs, nowMs);
    return atMs >= fromMs && slotMs >= fromMs;
  }
  const [a, b] = [dateOf(atMs, timeZone), dateOf(slotMs, timeZone)];
  if (kind === 'calendar_week') return mondayOf(a) === mondayOf(b);
  return kind === 'calendar_month' ? monthOf(a) === monthOf(b) : a === b;
}

/** What of a rate's burst is used at `nowMs`, rounded up: its whole past played again. */
export function rateUsed(cap: ReferenceCap, nowMs: number): bigint {
  const window = BigInt(cap.input.windowMs ?? 1);
  let units = 0n;
  let atMs = 0;
  const drainTo = (toMs: number): void => {
    for (const [index, { fromMs, limit }] of cap.limits.entries()) {
      const untilMs = Math.min(toMs, cap.limits[index + 1]?.fromMs ?? toMs);
      const startMs = Math.max(atMs, index === 0 ? atMs : fromMs);
      if (untilMs <= startMs) continue;
      units -= limit * BigInt(untilMs - startMs);
      if (units < 0n) units = 0n;
      atMs = untilMs;
    }
    atMs = Math.max(atMs, toMs);
  };
  for (const approval of cap.approvals) {
    drainTo(approval.atMs);
    units += approval.amount * window;
    const brim = approval.brim === undefined ? units : approval.brim * window;
    if (units > brim) units = brim;
  }
  drainTo(nowMs);
  return (units + window - 1n) / window;
}
