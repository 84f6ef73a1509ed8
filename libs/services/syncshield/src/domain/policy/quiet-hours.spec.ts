/**
 * Goal: nothing is held while local clocks show a quiet time, also around changes of the clock.
 * Method: instants around every change of ten time zones over three years, compared with what the
 * tz database prints; the window that is named is quiet from its first to its last millisecond.
 */
import { describe, expect, it } from '@jest/globals';
import { DAY_MS, zoneOffsetMs } from '@kiki/kernel';
import fc from 'fast-check';
import { quietWindow } from './quiet-hours.js';
import { DAYS, type QuietHoursRule } from './rule.js';
import { ruleOf } from './policy.fixture.js';

const ZONES = [
  ...['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC'],
  ...['America/St_Johns', 'Pacific/Apia', 'Africa/Casablanca', 'Asia/Tehran', 'America/Santiago'],
];
const START = Date.UTC(2025, 0, 1);
const END = Date.UTC(2028, 0, 1);

/** Instants at which the offset of a zone changes, by quarter hours. */
function changesOf(timeZone: string): number[] {
  const changes: number[] = [];
  for (let day = START; day < END; day += DAY_MS) {
    if (zoneOffsetMs(day, timeZone) === zoneOffsetMs(day + DAY_MS, timeZone)) continue;
    for (let at = day; at < day + DAY_MS; at += 900_000) {
      if (zoneOffsetMs(at, timeZone) !== zoneOffsetMs(at + 900_000, timeZone)) changes.push(at);
    }
  }
  return changes;
}

const changes = new Map(ZONES.map((zone) => [zone, [...changesOf(zone), START]]));
const formats = new Map(
  ZONES.map((timeZone) => [
    timeZone,
    new Intl.DateTimeFormat('en-GB', {
      ...{ timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    }),
  ]),
);

function isQuietByClock(rule: QuietHoursRule, atMs: number): boolean {
  const parts = formats.get(rule.timeZone)?.formatToParts(atMs) ?? [];
  const part = (type: string): string => parts.find((of) => of.type === type)?.value ?? '';
  const minute = Number(part('hour')) * 60 + Number(part('minute'));
  const today = DAYS.findIndex((day) => day === part('weekday').toLowerCase());
  const begins = (day: number): boolean => rule.days.includes(DAYS[(day + 7) % 7]!);
  if (rule.fromMinute < rule.toMinute) {
    return begins(today) && minute >= rule.fromMinute && minute < rule.toMinute;
  }
  return (
    (begins(today) && minute >= rule.fromMinute) || (begins(today - 1) && minute < rule.toMinute)
  );
}

const arbitrary = fc
  .record({
    timeZone: fc.constantFrom(...ZONES),
    fromMinute: fc.integer({ min: 0, max: 1439 }),
    toMinute: fc.integer({ min: 1, max: 1440 }),
    days: fc.subarray([...DAYS], { minLength: 1 }),
    pick: fc.nat(),
    aroundMs: fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }),
  })
  .map(({ pick, aroundMs, ...rest }) => {
    const rule = ruleOf({ kind: 'quiet_hours', ...rest }) as QuietHoursRule;
    const at = changes.get(rest.timeZone)!;
    return { rule, atMs: at[pick % at.length]! + aroundMs };
  });

describe('quiet hours', () => {
  it('are what local clocks show', () => {
    fc.assert(
      fc.property(arbitrary, ({ rule, atMs }) => {
        const window = quietWindow(rule, atMs);
        expect(window !== undefined).toBe(isQuietByClock(rule, atMs));
        if (window === undefined) return;
        expect(window.fromMs).toBeLessThanOrEqual(atMs);
        expect(window.toMs).toBeGreaterThan(atMs);
        expect(window.toMs - window.fromMs).toBeLessThanOrEqual(DAY_MS + 7_200_000);
      }),
      { numRuns: 5_000 },
    );
  });

  it('name their end across an ordinary night', () => {
    const rule = ruleOf({
      ...{ kind: 'quiet_hours', timeZone: 'Europe/Berlin', days: ['sat'] },
      ...{ fromMinute: 22 * 60, toMinute: 6 * 60 },
    }) as QuietHoursRule;
    // Saturday 2026-10-24, the night in which an hour comes twice.
    const from = Date.parse('2026-10-24T20:00:00Z');
    const to = Date.parse('2026-10-25T05:00:00Z');
    expect(quietWindow(rule, from - 1)).toBeUndefined();
    expect(quietWindow(rule, from)).toEqual({ fromMs: from, toMs: to });
    expect(quietWindow(rule, to - 1)).toEqual({ fromMs: from, toMs: to });
    expect(quietWindow(rule, to)).toBeUndefined();
  });
});
