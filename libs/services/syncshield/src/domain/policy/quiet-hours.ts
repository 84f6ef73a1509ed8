import { DAY_MS, instantOfLocal, zoneOffsetMs } from '@kiki/kernel';
import { found, PASSED, type Ask, type Finding, type FindingWindow } from './finding.js';
import { DAYS, type Day, type QuietHoursRule } from './rule.js';

const MINUTE_MS = 60_000;

/** Nothing is held while clocks of the time zone show a quiet time. */
export function findQuietHours(rule: QuietHoursRule, { nowMs }: Ask): Finding {
  const window = quietWindow(rule, nowMs);
  if (window === undefined) return PASSED;
  const until = new Date(window.toMs).toISOString();
  return found(false, { timeZone: rule.timeZone, until }, { window });
}

/**
 * The quiet time that an instant lies in, by what local clocks show: a time that a clock change repeats is quiet both
 * times.
 */
export function quietWindow(rule: QuietHoursRule, nowMs: number): FindingWindow | undefined {
  const { timeZone, fromMinute, toMinute } = rule;
  const localMs = nowMs + zoneOffsetMs(nowMs, timeZone);
  const today = Math.floor(localMs / DAY_MS);
  const isOvernight = toMinute <= fromMinute;
  for (const day of isOvernight ? [today, today - 1] : [today]) {
    if (!rule.days.includes(dayOf(day))) continue;
    const fromLocalMs = day * DAY_MS + fromMinute * MINUTE_MS;
    const toLocalMs = (isOvernight ? day + 1 : day) * DAY_MS + toMinute * MINUTE_MS;
    if (localMs < fromLocalMs || localMs >= toLocalMs) continue;
    const toMs = instantOfLocal(toLocalMs, timeZone);
    return {
      fromMs: Math.min(nowMs, instantOfLocal(fromLocalMs, timeZone)),
      // In the second pass of a repeated hour the first end lies behind.
      toMs: toMs > nowMs ? toMs : nowMs + (toLocalMs - localMs),
    };
  }
  return undefined;
}

/** 1970-01-01 was a Thursday. */
function dayOf(day: number): Day {
  return DAYS[(((day + 3) % 7) + 7) % 7] ?? 'mon';
}
