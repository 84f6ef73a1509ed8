/**
 * Goal: days begin at local midnight in every time zone, and the buckets of a window always cover
 * it.
 * Method: the tz database's own dates at random instants of ten years; buckets against the exact
 * window.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Cap } from './budget.js';
import {
  bucketsOfWindow,
  MAX_WINDOW_MS,
  MIN_WINDOW_MS,
  ringOf,
  slotAt,
  windowAt,
} from './cap-window.js';
import { dateOf } from './model/reference-time.js';

const zones = [
  ...[
    'UTC',
    'Europe/London',
    'Europe/Berlin',
    'Europe/Moscow',
    'Africa/Cairo',
    'Africa/Casablanca',
  ],
  ...[
    'Asia/Kolkata',
    'Asia/Kathmandu',
    'Asia/Tehran',
    'Asia/Shanghai',
    'Asia/Tokyo',
    'Asia/Beirut',
  ],
  ...['Australia/Sydney', 'Australia/Lord_Howe', 'Pacific/Auckland', 'Pacific/Chatham'],
  ...['America/New_York', 'America/Los_Angeles', 'America/Sao_Paulo', 'America/St_Johns'],
];
const instant = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0) });
const day = (timeZone: string): Cap => ({
  ...{ capNo: 1, id: 'day', kind: 'calendar_day', measure: 'micros', limit: 1n, timeZone },
});
const window = (windowMs: number): Cap => ({
  ...{ capNo: 1, id: 'window', kind: 'sliding_window', measure: 'micros', limit: 1n, windowMs },
});

describe('a calendar day', () => {
  it.each(zones)('is the local date, from its first instant to the next: %s', (timeZone) => {
    const cap = day(timeZone);
    fc.assert(
      fc.property(instant, (nowMs) => {
        const { fromMs = NaN, toMs = NaN } = windowAt(cap, nowMs);
        expect(slotAt(cap, nowMs)).toBe(
          Date.parse(`${dateOf(nowMs, timeZone)}T00:00Z`) / 86_400_000,
        );
        expect(fromMs <= nowMs && nowMs < toMs).toBe(true);
        expect(slotAt(cap, fromMs)).toBe(slotAt(cap, nowMs));
        expect(slotAt(cap, fromMs - 1)).toBe(slotAt(cap, nowMs) - 1);
        expect(slotAt(cap, toMs)).toBe(slotAt(cap, nowMs) + 1);
        expect([23, 23.5, 24, 24.5, 25]).toContain((toMs - fromMs) / 3_600_000);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a sliding window', () => {
  it('is covered by its buckets, which reach back by at most 1/120 too far', () => {
    const length = fc.integer({ min: MIN_WINDOW_MS, max: MAX_WINDOW_MS });
    fc.assert(
      fc.property(instant, length, (nowMs, windowMs) => {
        const cap = window(windowMs);
        const { bucketMs, size } = ringOf(windowMs);
        const { first, last } = bucketsOfWindow(cap, slotAt(cap, nowMs));
        const coveredFromMs = first * bucketMs;
        expect(coveredFromMs).toBeLessThanOrEqual(nowMs - windowMs + 1);
        expect(coveredFromMs).toBeGreaterThan(nowMs - windowMs - windowMs / 120);
        expect(size).toBeGreaterThanOrEqual(120);
        expect(last - first + 1).toBe(size);
        expect(last).toBe(slotAt(cap, nowMs));
      }),
    );
  });
});
