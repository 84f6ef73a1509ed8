/** Milliseconds of one day of UTC. */
export const DAY_MS = 86_400_000;

const QUARTER_MS = 900_000;
const CACHE_LIMIT = 50_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, Map<number, number>>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    formats.set(timeZone, format);
  }
  return format;
}

function computeOffsetMs(instantMs: number, timeZone: string): number {
  const name = formatOf(timeZone)
    .formatToParts(instantMs)
    .find((part) => part.type === 'timeZoneName')?.value;
  const match = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name ?? '');
  if (!match) throw new RangeError(`time zone ${timeZone} gave no offset`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -size : size;
}

/** True for a time zone that this machine knows, e.g. `Europe/Berlin`. */
export function isTimeZone(timeZone: string): boolean {
  try {
    return timeZone === 'UTC' || formatOf(timeZone) !== undefined;
  } catch {
    return false;
  }
}

/** Local time minus UTC at that instant, milliseconds. @throws RangeError for an unknown time zone */
export function zoneOffsetMs(instantMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0;
  // Offsets change on quarter hours only, so one look-up serves the whole quarter.
  const quarter = Math.floor(instantMs / QUARTER_MS);
  let cache = offsets.get(timeZone);
  if (cache === undefined) offsets.set(timeZone, (cache = new Map<number, number>()));
  let offset = cache.get(quarter);
  if (offset === undefined) {
    if (cache.size >= CACHE_LIMIT) cache.clear();
    offset = computeOffsetMs(quarter * QUARTER_MS, timeZone);
    cache.set(quarter, offset);
  }
  return offset;
}

/** The calendar day of an instant in a time zone, as days since 1970-01-01. */
export function dayNumber(instantMs: number, timeZone = 'UTC'): number {
  return Math.floor((instantMs + zoneOffsetMs(instantMs, timeZone)) / DAY_MS);
}

/**
 * The instant at which clocks of the time zone show `localMs` (local time written as if it were UTC).
 * A time that a clock change repeats gives its first pass; one that is skipped gives the instant after the gap.
 */
export function instantOfLocal(localMs: number, timeZone = 'UTC'): number {
  if (timeZone === 'UTC') return localMs;
  const before = localMs - zoneOffsetMs(localMs - DAY_MS, timeZone);
  if (before + zoneOffsetMs(before, timeZone) === localMs) return before;
  const after = localMs - zoneOffsetMs(localMs + DAY_MS, timeZone);
  return after + zoneOffsetMs(after, timeZone) === localMs ? after : before;
}

/** The first instant of a calendar day (days since 1970-01-01) in a time zone. */
export function startOfDay(day: number, timeZone = 'UTC'): number {
  return instantOfLocal(day * DAY_MS, timeZone);
}

/** A calendar day (days since 1970-01-01) as `YYYY-MM-DD`. */
export function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
