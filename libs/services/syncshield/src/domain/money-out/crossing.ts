import { enforcedLimit, isCallers, type Budget, type Cap } from '../budget.js';
import { slotAt, windowAt } from '../cap-window.js';
import type { Usage } from '../cap-counter.js';
import type { NewEvent } from './event.js';

/** Shares of a limit that are told when nothing else is set, percent. */
export const DEFAULT_PERCENTS: readonly number[] = [50, 80, 90, 100];
/** Most shares of one budget. */
export const MAX_PERCENTS = 20;
/** The largest share, percent: real spend may go above a limit. */
export const MAX_PERCENT = 1_000;
/** Stands for a breach where a share would stand. */
export const BREACH = 0;

/** What is told once: a share of a cap, in one slot, at one limit; BREACH: that the budget breached it. */
export interface Mark {
  readonly tenant: string;
  readonly budgetNo: bigint;
  readonly capNo: number;
  readonly slot: number;
  readonly percent: number;
  readonly limit: bigint;
  /** When the slot is over; undefined: never, or when the budget is resumed. */
  readonly endsMs?: number;
}

/** Something that has to be told unless its mark is there already. */
export interface Crossing {
  readonly mark: Mark;
  readonly event: NewEvent;
}

/** Whether a cap has a share that can be reached: a rate only slows down. */
export function hasShares(cap: Cap): boolean {
  return isCallers(cap) && cap.kind !== 'rate' && cap.limit > 0n;
}

/** The slot of a cap that a mark belongs to; a sliding window is told about once in its length. */
export function markSlot(cap: Cap, nowMs: number): { slot: number; endsMs?: number } {
  const { windowMs } = cap;
  if (cap.kind === 'sliding_window' && windowMs !== undefined) {
    const slot = Math.floor(nowMs / windowMs);
    return { slot, endsMs: (slot + 1) * windowMs };
  }
  const { toMs } = windowAt(cap, nowMs);
  return { slot: slotAt(cap, nowMs), ...(toMs === undefined ? {} : { endsMs: toMs }) };
}

/** The shares that the cap has reached or passed, smallest first. Only what is spent counts: holds may come back. */
export function reachedPercents(
  cap: Cap,
  { spent }: Usage,
  percents: readonly number[],
): readonly number[] {
  return percents.filter((percent) => spent * 100n >= cap.limit * BigInt(percent));
}

/** The share of a cap as a mark and an event. */
export function thresholdCrossing(
  at: { readonly tenant: string; readonly budget: Budget; readonly cap: Cap },
  usage: Usage,
  percent: number,
  nowMs: number,
): Crossing {
  const { tenant, budget, cap } = at;
  const { slot, endsMs } = markSlot(cap, nowMs);
  return {
    mark: {
      ...{ tenant, budgetNo: budget.budgetNo, capNo: cap.capNo, slot, percent, limit: cap.limit },
      ...(endsMs === undefined ? {} : { endsMs }),
    },
    event: {
      ...{ tenant, type: 'budget.threshold', budgetId: budget.id, atMs: nowMs },
      data: { percent, ...capFacts(cap, usage, nowMs), currency: budget.currency },
    },
  };
}

/** A cap with what it counts, as events tell it. */
export function capFacts(cap: Cap, usage: Usage, nowMs: number): Record<string, unknown> {
  const { fromMs, toMs } = windowAt(cap, nowMs);
  const amounts =
    cap.measure === 'actions'
      ? { limitActions: cap.limit, usedActions: usage.spent }
      : {
          ...{ limitMicros: cap.limit, enforcedMicros: enforcedLimit(cap) },
          ...{ spentMicros: usage.spent, heldMicros: usage.held },
        };
  return {
    ...{ capId: cap.id, kind: cap.kind, measure: cap.measure, ...amounts },
    windowFrom: fromMs === undefined ? null : new Date(fromMs).toISOString(),
    windowTo: toMs === undefined ? null : new Date(toMs).toISOString(),
  };
}
