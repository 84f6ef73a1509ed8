import { dayNumber, startOfDay } from '@kiki/kernel';
import type { Cap } from './budget.js';

/** A sliding window is counted in at least this many buckets. */
export const MIN_BUCKETS = 120;
/** Shortest sliding window and rate, milliseconds. */
export const MIN_WINDOW_MS = 1_000;
/** Longest sliding window and rate, milliseconds (400 days). */
export const MAX_WINDOW_MS = 400 * 86_400_000;
/** Slot of everything that is not bound to time. */
export const WHOLE_SLOT = 0;
/** Slot in which a sliding window keeps the sum over its live buckets. */
export const LIVE_SLOT = -1;

/** How a sliding window is counted. */
export interface BucketRing {
  /** Length of one bucket, milliseconds. */
  readonly bucketMs: number;
  /** Buckets that a window counts: the current one and all it may reach back to. */
  readonly size: number;
}

const rings = new Map<number, BucketRing>();

/**
 * The buckets of a window of that length. The oldest is counted whole, so a window never counts
 * too little; buckets are as long as they may be for it to reach back by at most 1/120 of its
 * length too far.
 */
export function ringOf(windowMs: number): BucketRing {
  let ring = rings.get(windowMs);
  if (ring === undefined) rings.set(windowMs, (ring = computeRing(windowMs)));
  return ring;
}

function computeRing(windowMs: number): BucketRing {
  for (let most = MIN_BUCKETS + 1; ; most++) {
    // The longest buckets of which `most` reach back by at most 1/MIN_BUCKETS too far.
    const bucketMs = Math.floor((windowMs * (MIN_BUCKETS + 1)) / (MIN_BUCKETS * most));
    // Reaching back to `now - windowMs + 1` from the first instant of the current bucket.
    const size = Math.ceil((windowMs - 1) / bucketMs) + 1;
    if (size <= most) return { bucketMs, size };
  }
}

/**
 * The slot in which a cap counts money that was decided on at `atMs`: a day, a week or a month of
 * its time zone, a bucket, or the one slot of everything else.
 */
export function slotAt(cap: Omit<Cap, 'capNo'>, atMs: number): number {
  switch (cap.kind) {
    case 'calendar_day':
      return dayNumber(atMs, cap.timeZone);
    case 'calendar_week':
      return weekOfDay(dayNumber(atMs, cap.timeZone));
    case 'calendar_month':
      return monthOfDay(dayNumber(atMs, cap.timeZone));
    case 'sliding_window':
      return Math.floor(atMs / ringOf(cap.windowMs ?? MIN_WINDOW_MS).bucketMs);
    case 'meter':
    case 'total':
    case 'rate':
      return WHOLE_SLOT;
  }
}

/** The buckets that a window ending in `bucket` counts, first and last. */
export function bucketsOfWindow(
  cap: Omit<Cap, 'capNo'>,
  bucket: number,
): { first: number; last: number } {
  return { first: bucket - ringOf(cap.windowMs ?? MIN_WINDOW_MS).size + 1, last: bucket };
}

/** From when to when a cap counts at `nowMs`; undefined bounds are open. */
export function windowAt(
  cap: Omit<Cap, 'capNo'>,
  nowMs: number,
): { fromMs?: number; toMs?: number } {
  const days = daysOfSlot(cap, nowMs);
  if (days !== undefined) {
    const [from, to] = days;
    return { fromMs: startOfDay(from, cap.timeZone), toMs: startOfDay(to, cap.timeZone) };
  }
  if (cap.kind === 'sliding_window') {
    return { fromMs: nowMs - (cap.windowMs ?? MIN_WINDOW_MS), toMs: nowMs };
  }
  return {};
}

/** The first day of the slot and of the next one; undefined of caps without a calendar. */
function daysOfSlot(
  cap: Omit<Cap, 'capNo'>,
  nowMs: number,
): readonly [from: number, to: number] | undefined {
  const slot = slotAt(cap, nowMs);
  if (cap.kind === 'calendar_day') return [slot, slot + 1];
  if (cap.kind === 'calendar_week') return [firstDayOfWeek(slot), firstDayOfWeek(slot + 1)];
  if (cap.kind === 'calendar_month') return [firstDayOfMonth(slot), firstDayOfMonth(slot + 1)];
  return undefined;
}

/** Weeks begin on Monday (ISO 8601); week 0 holds 1970-01-01, a Thursday. */
function weekOfDay(day: number): number {
  return Math.floor((day + 3) / 7);
}

function firstDayOfWeek(week: number): number {
  return week * 7 - 3;
}

/** Months since 1970-01. */
function monthOfDay(day: number): number {
  const date = new Date(day * 86_400_000);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

function firstDayOfMonth(month: number): number {
  return Date.UTC(1970, month) / 86_400_000;
}
