const DAY_MS = 86_400_000;
const MAX_DATES = 200_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const dates = new Map<string, Map<number, string>>();

/** The local date as the tz database prints it, `2026-01-31`. */
export function dateOf(atMs: number, timeZone = 'UTC'): string {
  let known = dates.get(timeZone);
  if (known === undefined || known.size > MAX_DATES) {
    dates.set(timeZone, (known = new Map<number, string>()));
  }
  let date = known.get(atMs);
  if (date === undefined) known.set(atMs, (date = formatOf(timeZone).format(atMs)));
  return date;
}

const mondays = new Map<string, string>();

/** The Monday of the week of a local date. */
export function mondayOf(date: string): string {
  let monday = mondays.get(date);
  if (monday !== undefined) return monday;
  const ms = Date.parse(`${date}T00:00Z`);
  const sinceMonday = (new Date(ms).getUTCDay() + 6) % 7;
  monday = new Date(ms - sinceMonday * DAY_MS).toISOString().slice(0, 10);
  mondays.set(date, monday);
  return monday;
}

/** The month of a local date. */
export function monthOf(date: string): string {
  return date.slice(0, 7);
}

/** How a window is cut: whole buckets, none longer than lets it reach back 1/120 too far. */
interface Cut {
  readonly bucketMs: number;
  /** The current one and all before it that count. */
  readonly buckets: number;
}

const cuts = new Map<number, Cut>();

/** The longest buckets of which as many as a window needs stand over by at most 1/120 of it. */
function cutOf(windowMs: number): Cut {
  let cut = cuts.get(windowMs);
  if (cut !== undefined) return cut;
  let bucketMs = Math.floor(windowMs / 120);
  const needed = (): number => 1 + Math.ceil((windowMs - 1) / bucketMs);
  while (bucketMs > 1 && (needed() * bucketMs - windowMs) * 120 > windowMs) bucketMs--;
  cut = { bucketMs, buckets: needed() };
  cuts.set(windowMs, cut);
  return cut;
}

/** The first instant that a window counts which is asked at `nowMs`. */
export function windowStartMs(windowMs: number, nowMs: number): number {
  const { bucketMs, buckets } = cutOf(windowMs);
  return (Math.floor(nowMs / bucketMs) - buckets + 1) * bucketMs;
}

/** The bucket of an instant. */
export function bucketOf(atMs: number, windowMs: number): number {
  return Math.floor(atMs / cutOf(windowMs).bucketMs);
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
    formats.set(timeZone, format);
  }
  return format;
}
