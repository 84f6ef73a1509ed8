import { isTimeZone, type FieldProblem } from '@kiki/kernel';
import { errors } from '../errors.js';
import { MAX_CAPS, METER_ID, type Cap, type CapKind } from './budget.js';
import { MAX_WINDOW_MS, MIN_WINDOW_MS } from './cap-window.js';

/** A cap as a caller asks for it; the id may be left out. */
export interface CapRequest {
  readonly id?: string | undefined;
  readonly kind: CapKind;
  readonly limitMicros: bigint;
  readonly timeZone?: string | undefined;
  readonly windowMs?: number | undefined;
}

/** A cap as it will be stored. */
export interface CapInput {
  readonly id: string;
  readonly kind: CapKind;
  readonly limitMicros: bigint;
  readonly timeZone?: string;
  readonly windowMs?: number;
}

/**
 * Completes caps: an id (the kind, numbered when there are several) and the time zone of a
 * calendar day.
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
    const { kind, limitMicros, windowMs } = request;
    return {
      id,
      kind,
      limitMicros,
      ...(kind === 'calendar_day' ? { timeZone: request.timeZone ?? 'UTC' } : {}),
      ...(windowMs === undefined ? {} : { windowMs }),
    };
  });
  if (problems.length > 0) throw errors.cap_invalid(undefined, { fields: problems });
  return caps;
}

/**
 * Whether a cap counts in the same slots as the one it replaces, so that it may keep what was
 * counted.
 */
export function countsAlike(cap: Cap, input: CapInput): boolean {
  return (
    cap.kind === input.kind && cap.timeZone === input.timeZone && cap.windowMs === input.windowMs
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
  const { kind, timeZone, windowMs } = request;
  const problems: FieldProblem[] = [];
  const check = (isRight: boolean, field: string, expected: string): void => {
    if (!isRight) problems.push({ field: `${at}.${field}`, expected });
  };
  check(id !== METER_ID && !taken.has(id), 'id', 'an id that no other cap of the budget has');
  if (kind === 'calendar_day') {
    check(isTimeZone(timeZone ?? 'UTC'), 'timeZone', 'an IANA time zone such as Europe/Berlin');
  } else {
    check(timeZone === undefined, 'timeZone', 'nothing: only a calendar_day has a time zone');
  }
  if (kind === 'sliding_window') {
    const expected = `a whole number of milliseconds from ${MIN_WINDOW_MS} to ${MAX_WINDOW_MS}`;
    check(isWindow(windowMs), 'windowMs', expected);
  } else {
    check(windowMs === undefined, 'windowMs', 'nothing: only a sliding_window has a length');
  }
  return problems;
}

function isWindow(windowMs: number | undefined): boolean {
  if (windowMs === undefined || !Number.isInteger(windowMs)) return false;
  return windowMs >= MIN_WINDOW_MS && windowMs <= MAX_WINDOW_MS;
}
