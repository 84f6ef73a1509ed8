import { dayNumber, startOfDay } from '@kiki/kernel';
import type { Cap } from './budget.js';

/**
 * A sliding window is counted in at least this many buckets; it admits at most 1/120 too little.
 */
export const MIN_BUCKETS = 120;
/** Shortest sliding window, milliseconds. */
export const MIN_WINDOW_MS = 1_000;
/** Longest sliding window, milliseconds (400 days). */
export const MAX_WINDOW_MS = 400 * 86_400_000;
/** Slot of everything that is not bound to time. */
export const WHOLE_SLOT = 0n;
/** Slot in which a sliding window keeps the sum over its live buckets. */
export const LIVE_SLOT = -1n;

/** Length of one bucket, milliseconds. */
export function bucketMs(windowMs: number): number {
  return Math.floor(windowMs / MIN_BUCKETS);
}

/** The slot in which a cap counts money whose hold was decided at `atMs`. */
export function slotAt(cap: Cap, atMs: number): bigint {
  if (cap.kind === 'calendar_day') return BigInt(dayNumber(atMs, cap.timeZone));
  if (cap.kind === 'sliding_window') {
    return BigInt(Math.floor(atMs / bucketMs(cap.windowMs ?? MIN_WINDOW_MS)));
  }
  return WHOLE_SLOT;
}

/**
 * The buckets that a window ending in `bucket` counts, first and last. The oldest is counted whole
 * although the window may cover only its end: whatever instant of the bucket the window ends at,
 * its true sum is never above the counted one.
 */
export function bucketsOfWindow(cap: Cap, bucket: bigint): { first: bigint; last: bigint } {
  const windowMs = cap.windowMs ?? MIN_WINDOW_MS;
  const reach = BigInt(Math.ceil(windowMs / bucketMs(windowMs)));
  return { first: bucket - reach, last: bucket };
}

/** From when to when a cap counts at `nowMs`; undefined bounds are open. */
export function windowAt(cap: Cap, nowMs: number): { fromMs?: number; toMs?: number } {
  if (cap.kind === 'calendar_day') {
    const day = dayNumber(nowMs, cap.timeZone);
    return { fromMs: startOfDay(day, cap.timeZone), toMs: startOfDay(day + 1, cap.timeZone) };
  }
  if (cap.kind === 'sliding_window') {
    return { fromMs: nowMs - (cap.windowMs ?? MIN_WINDOW_MS), toMs: nowMs };
  }
  return {};
}
