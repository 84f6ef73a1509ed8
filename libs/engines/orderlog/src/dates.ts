import { instantOfLocal } from '@kiki/kernel';

const DAY = String.raw`(\d{4})(?:(\d\d)(\d\d)|([-/])(\d\d)\4(\d\d)`;
const TIME = String.raw`(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?`;
const ZONE = String.raw`\s?(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?)`;
const SHAPE = new RegExp(`^${DAY}${TIME}${ZONE}$`, 'i');

/** What {@link instantOf} accepts, for messages. */
export const DATE_EXPECTED =
  'YYYYMMDD, YYYY-MM-DD, YYYY-MM-DD HH:MM[:SS] or RFC 3339, a day that exists from year 1900 on';

/** What was expected instead of a text that is no date: of one like 03/04/2011 nobody can tell day from month. */
export function expectedDate(text: string): string {
  const isUnclear = /^\d{1,2}([-/.])\d{1,2}\1\d{2,4}\b/.test(text);
  return isUnclear ? `${DATE_EXPECTED} (which part is the day is not clear)` : DATE_EXPECTED;
}

/**
 * Reads a date or time as milliseconds since the epoch; undefined when it is none or does not exist (30
 * February). Without an offset it is local to `timeZone`; without a time it is midnight there. Fractions are
 * cut to milliseconds.
 */
export function instantOf(text: string, timeZone: string): number | undefined {
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [
    ,
    year,
    month1,
    day1,
    ,
    month2,
    day2,
    hour = '0',
    minute = '0',
    second = '0',
    fraction = '',
    zone,
  ] = match;
  const [y, m, d] = [Number(year), Number(month1 ?? month2), Number(day1 ?? day2)];
  const [h, min, s] = [Number(hour), Number(minute), Number(second)];
  if (y < 1900 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m)) return undefined;
  if (h > 23 || min > 59 || s > 59) return undefined;
  const localMs = Date.UTC(y, m - 1, d, h, min, s, Number(fraction.padEnd(3, '0').slice(0, 3)));
  if (zone === undefined) return instantOfLocal(localMs, timeZone);
  const offset = offsetMs(zone);
  return offset === undefined ? undefined : localMs - offset;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function offsetMs(zone: string): number | undefined {
  if (/^[ZU]/i.test(zone)) return 0;
  const digits = zone.slice(1).replace(':', '');
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  if (hours > 23 || minutes > 59) return undefined;
  const size = (hours * 60 + minutes) * 60_000;
  return zone.startsWith('-') ? -size : size;
}
