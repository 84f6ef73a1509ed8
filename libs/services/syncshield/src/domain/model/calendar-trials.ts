import type { CapInput } from '../caps.js';
import { windowAt } from '../cap-window.js';
import { CapDesk } from './cap-desk.js';
import { dateOf, mondayOf, monthOf } from './reference-time.js';
import type { TrialRandom, TrialReport } from './trial.js';

/** Twenty time zones with every kind of clock change, half and quarter hours among them. */
export const TRIAL_ZONES = [
  ...['UTC', 'Europe/London', 'Europe/Berlin', 'Europe/Moscow', 'Africa/Cairo'],
  ...['Africa/Casablanca', 'Asia/Kolkata', 'Asia/Kathmandu', 'Asia/Tehran', 'Asia/Shanghai'],
  ...['Asia/Tokyo', 'Asia/Beirut', 'Australia/Sydney', 'Australia/Lord_Howe'],
  ...['Pacific/Auckland', 'Pacific/Chatham', 'America/New_York', 'America/Los_Angeles'],
  ...['America/Sao_Paulo', 'America/St_Johns'],
] as const;

const KINDS = ['calendar_day', 'calendar_week', 'calendar_month'] as const;
const FROM_MS = Date.UTC(2020, 0);
const TO_MS = Date.UTC(2030, 0);
const HOUR_MS = 3_600_000;
const LIMIT = 3;

/**
 * Ten years of holds on calendar caps of one time zone, each hold at a later instant than the one
 * before. Above: more approvals on a local day, in a week from Monday or in a month than the cap
 * allows, by the dates that Intl prints. Too strict: a denial while there are fewer, or a window
 * that does not begin and end where those dates do.
 */
export function calendarTrial(
  random: TrialRandom,
  timeZone: string,
  holdsPerKind: number,
): TrialReport {
  const report = { events: 0, approved: 0, denied: 0, above: 0, tooStrict: 0 };
  for (const kind of KINDS) {
    const cap: CapInput = { id: kind, kind, measure: 'micros', limit: BigInt(LIMIT), timeZone };
    const desk = new CapDesk(cap);
    const counts = new Map<string, number>();
    for (const atMs of instants(random, holdsPerKind)) {
      const key = keyOf(kind, atMs, timeZone);
      const before = counts.get(key) ?? 0;
      report.events++;
      if (desk.hold(1n, atMs)) {
        counts.set(key, before + 1);
        report.approved++;
        if (before + 1 > LIMIT) report.above++;
      } else {
        report.denied++;
        if (before < LIMIT) report.tooStrict++;
      }
      if (before === 0 && !isWindowRight(cap, kind, atMs)) report.tooStrict++;
    }
  }
  return report;
}

/** Instants in order over ten years, many of them within a minute of a full hour. */
function* instants(random: TrialRandom, count: number): Generator<number> {
  const stepMs = (TO_MS - FROM_MS) / count;
  for (let index = 0; index < count; index++) {
    const atMs = FROM_MS + Math.floor(index * stepMs);
    const hour = Math.ceil(atMs / HOUR_MS) * HOUR_MS;
    const isNear = random.nextInt(3) === 0 && hour - atMs < stepMs;
    yield isNear ? hour - random.nextInt(2) : atMs;
  }
}

function isWindowRight(cap: CapInput, kind: (typeof KINDS)[number], atMs: number): boolean {
  const { fromMs = NaN, toMs = NaN } = windowAt(cap, atMs);
  const key = keyOf(kind, atMs, cap.timeZone);
  const isInside = [fromMs, toMs - 1].every((ms) => keyOf(kind, ms, cap.timeZone) === key);
  const isTight = [fromMs - 1, toMs].every((ms) => keyOf(kind, ms, cap.timeZone) !== key);
  return fromMs <= atMs && atMs < toMs && isInside && isTight;
}

function keyOf(kind: (typeof KINDS)[number], atMs: number, timeZone: string | undefined): string {
  const date = dateOf(atMs, timeZone);
  if (kind === 'calendar_day') return date;
  return kind === 'calendar_week' ? mondayOf(date) : monthOf(date);
}
