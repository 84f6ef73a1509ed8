import { isTimeZone, type FieldProblem } from '@kiki/kernel';
import { errors } from '../errors.js';
import { MAX_CAPS, MAX_MICROS, METER_ID, type CallersCap, type CapKind } from './budget.js';
import { MAX_WINDOW_MS, MIN_WINDOW_MS } from './cap-window.js';

/** Bounds of how far a day may flex, percent of its limit. */
export const MIN_FLEX_PERCENT = 100;
export const MAX_FLEX_PERCENT = 1_000;

/** A cap as a caller asks for it; one of the limits says what it counts. */
export interface CapRequest {
  readonly id?: string | undefined;
  readonly kind: CapKind;
  readonly limitMicros?: bigint | undefined;
  readonly limitActions?: bigint | undefined;
  readonly timeZone?: string | undefined;
  readonly windowMs?: number | undefined;
  readonly burst?: bigint | undefined;
  readonly flexPercent?: number | undefined;
}

/** A cap as it will be stored. */
export type CapInput = Omit<CallersCap, 'capNo'>;

const isCalendar = (kind: CapKind): boolean => kind.startsWith('calendar_');
const hasWindow = (kind: CapKind): boolean => kind === 'sliding_window' || kind === 'rate';

/**
 * Completes caps: an id (the kind, numbered when there are several), the time zone of a calendar,
 * the burst of a rate.
 * @throws cap_invalid naming every field that is wrong
 */
export function completeCaps(requests: readonly CapRequest[]): CapInput[] {
  const problems: FieldProblem[] = [];
  if (requests.length > MAX_CAPS) {
    problems.push({ field: 'caps', expected: `at most ${MAX_CAPS} caps` });
  }
  const ids = new Set<string>();
  const caps = requests.map((request, index): CapInput => {
    const id = request.id ?? freeId(request.kind, ids, requests);
    problems.push(...problemsOf(request, id, ids, `caps[${index}]`));
    ids.add(id);
    return completed(request, id);
  });
  problems.push(...flexProblems(caps));
  if (problems.length > 0) throw errors.cap_invalid(undefined, { fields: problems });
  return caps;
}

function completed(request: CapRequest, id: string): CapInput {
  const { kind, limitMicros, limitActions, windowMs, flexPercent } = request;
  const limit = limitMicros ?? limitActions ?? 0n;
  return {
    id,
    kind,
    measure: limitActions === undefined ? 'micros' : 'actions',
    limit,
    ...(isCalendar(kind) ? { timeZone: request.timeZone ?? 'UTC' } : {}),
    ...(windowMs === undefined ? {} : { windowMs }),
    ...(kind === 'rate' ? { burst: request.burst ?? limit } : {}),
    ...(flexPercent === undefined ? {} : { flexPercent }),
  };
}

/**
 * A cap as it is logged and compared: the limit by the name of its measure, nothing that does not
 * apply.
 */
export function capRecord(cap: CapInput): Readonly<Record<string, unknown>> {
  const { id, kind, measure, limit, timeZone, windowMs, burst, flexPercent } = cap;
  const limits = measure === 'actions' ? { limitActions: limit } : { limitMicros: limit };
  return { id, kind, ...limits, timeZone, windowMs, burst, flexPercent };
}

/**
 * Whether a cap counts in the same slots as the one it replaces, so that it may keep what was
 * counted.
 */
export function countsAlike(cap: CapInput, input: CapInput): boolean {
  return (
    cap.kind === input.kind &&
    cap.measure === input.measure &&
    cap.timeZone === input.timeZone &&
    cap.windowMs === input.windowMs
  );
}

function freeId(kind: CapKind, taken: ReadonlySet<string>, all: readonly CapRequest[]): string {
  const given = new Set(all.map(({ id }) => id));
  for (let number = 1; ; number++) {
    const id = number === 1 ? kind : `${kind}_${number}`;
    if (!taken.has(id) && !given.has(id)) return id;
  }
}

function problemsOf(
  request: CapRequest,
  id: string,
  taken: ReadonlySet<string>,
  at: string,
): FieldProblem[] {
  const { kind, timeZone, windowMs, limitMicros, limitActions, burst, flexPercent } = request;
  const problems: FieldProblem[] = [];
  const check = (isRight: boolean, field: string, expected: string): void => {
    if (!isRight) problems.push({ field: `${at}.${field}`, expected });
  };
  check(id !== METER_ID && !taken.has(id), 'id', 'an id that no other cap of the budget has');
  const limits = [limitMicros, limitActions].filter((limit) => limit !== undefined).length;
  check(limits === 1, 'limitMicros', 'a limit, either limitMicros or limitActions');
  if (isCalendar(kind)) {
    check(isTimeZone(timeZone ?? 'UTC'), 'timeZone', 'an IANA time zone such as Europe/Berlin');
  } else {
    check(timeZone === undefined, 'timeZone', 'nothing: only a calendar has a time zone');
  }
  if (hasWindow(kind)) {
    const expected = `a whole number of milliseconds from ${MIN_WINDOW_MS} to ${MAX_WINDOW_MS}`;
    check(isWindow(windowMs), 'windowMs', expected);
  } else {
    check(windowMs === undefined, 'windowMs', 'nothing: only a window or a rate has a length');
  }
  const isBurst = burst === undefined || (kind === 'rate' && burst >= 1n && burst <= MAX_MICROS);
  check(isBurst, 'burst', 'a whole number from 1, only of a rate');
  check(flexPercent === undefined || isFlex(request), 'flexPercent', FLEX);
  return problems;
}

const FLEX = `a whole number from ${MIN_FLEX_PERCENT} to ${MAX_FLEX_PERCENT}, only of a calendar_day in micros`;

function isFlex({ kind, limitMicros, flexPercent = 0 }: CapRequest): boolean {
  const isDay = kind === 'calendar_day' && limitMicros !== undefined;
  const isInRange = flexPercent >= MIN_FLEX_PERCENT && flexPercent <= MAX_FLEX_PERCENT;
  return isDay && Number.isInteger(flexPercent) && isInRange;
}

/** A day that may flex needs a hard bound on what the days add up to. */
function flexProblems(caps: readonly CapInput[]): FieldProblem[] {
  const isBound = ({ kind, measure }: CapInput): boolean =>
    measure === 'micros' && (kind === 'calendar_week' || kind === 'calendar_month');
  if (caps.some(isBound)) return [];
  return caps.flatMap(({ flexPercent }, index) =>
    flexPercent === undefined
      ? []
      : [
          {
            field: `caps[${index}].flexPercent`,
            expected: 'a calendar_week or calendar_month cap in micros beside it',
          },
        ],
  );
}

function isWindow(windowMs: number | undefined): boolean {
  if (windowMs === undefined || !Number.isInteger(windowMs)) return false;
  return windowMs >= MIN_WINDOW_MS && windowMs <= MAX_WINDOW_MS;
}
