/** Goal: calendar days of a time zone are right also around clock changes. Method: known dates of three zones. */
import { describe, expect, it } from '@jest/globals';

import {
  dayNumber,
  dayText,
  instantOfLocal,
  isTimeZone,
  startOfDay,
  zoneOffsetMs,
} from './time-zone.js';

const at = (text: string): number => Date.parse(text);

describe('time zones', () => {
  it('gives the local calendar day', () => {
    expect(dayText(dayNumber(at('1997-01-01T02:00:00Z'), 'America/New_York'))).toBe('1996-12-31');
    expect(dayText(dayNumber(at('1997-01-01T02:00:00Z')))).toBe('1997-01-01');
    expect(dayText(dayNumber(at('2026-07-01T23:30:00Z'), 'Asia/Kathmandu'))).toBe('2026-07-02');
  });

  it('knows the offset on both sides of a clock change', () => {
    expect(zoneOffsetMs(at('2026-03-29T00:59:59Z'), 'Europe/Berlin')).toBe(3_600_000);
    expect(zoneOffsetMs(at('2026-03-29T01:00:00Z'), 'Europe/Berlin')).toBe(7_200_000);
  });

  it('finds the start of every day of a year, also of days of 23 and 25 hours', () => {
    for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']) {
      for (let day = dayNumber(at('2026-01-01T00:00:00Z')); day < 20820; day++) {
        const start = startOfDay(day, zone);
        expect(dayNumber(start, zone)).toBe(day);
        expect(dayNumber(start - 1, zone)).toBe(day - 1);
      }
    }
  });

  it('takes the first of two passes of a repeated hour', () => {
    const local = at('2026-10-25T02:30:00Z');
    expect(instantOfLocal(local, 'Europe/Berlin')).toBe(at('2026-10-25T00:30:00Z'));
  });

  it('tells known zones from unknown ones', () => {
    expect(isTimeZone('Europe/Berlin')).toBe(true);
    expect(isTimeZone('Mars/Olympus')).toBe(false);
  });
});
