import type { CapInput } from '../caps.js';

/** Numbers from 0 that one thing is made of; what they mean is up to the reader. */
export type Draw = readonly number[];

/** How many numbers a draw needs. */
export const DRAW_LENGTH = 10;

const SECOND = 1_000;
const HOUR = 3_600_000;

const ZONES = [
  'America/New_York',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Cairo',
  'UTC',
] as const;

/** Around changes of the clock in both hemispheres, ends of weeks, months and years. */
const STARTS = [
  '2026-03-08T04:00Z',
  '2026-10-24T20:00Z',
  '2026-04-04T13:00Z',
  '2026-06-15T12:00Z',
  '2026-12-31T18:00Z',
  '2028-02-29T03:00Z',
] as const;

const WINDOWS = [SECOND, 1_999, 60 * SECOND, HOUR, 36 * HOUR] as const;

/** One of a list. */
export function oneOf<T>(list: readonly [T, ...T[]], draw: number): T {
  return list[draw % list.length] ?? list[0];
}

/** When a run begins. */
export function startOf(draw: number): number {
  return Date.parse(oneOf(STARTS, draw));
}

/** Up to three caps of any kind, none alike. */
export function capsOf(draws: readonly Draw[]): CapInput[] {
  const caps = draws.map((draw, index) => capOf(draw, `cap${index}`));
  const isBound = ({ kind, measure }: CapInput): boolean =>
    measure === 'micros' && (kind === 'calendar_week' || kind === 'calendar_month');
  return caps.some(isBound) ? caps : caps.map(withoutFlex);
}

function withoutFlex({ flexPercent, ...cap }: CapInput): CapInput {
  void flexPercent;
  return cap;
}

function capOf([what = 0, size = 0, zone = 0, window = 0, more = 0]: Draw, id: string): CapInput {
  const isAction = more % 4 === 0;
  const limit = BigInt(isAction ? size % 8 : size % 60);
  const measured = { id, measure: isAction ? 'actions' : 'micros', limit } as const;
  const timeZone = oneOf(ZONES, zone);
  const windowMs = oneOf(WINDOWS, window);
  switch (what % 6) {
    case 0:
      return { ...measured, kind: 'total', limit: limit * 4n };
    case 1:
      return { ...measured, kind: 'sliding_window', windowMs };
    case 2:
      return { ...measured, kind: 'rate', windowMs, burst: 1n + BigInt(more % 40) };
    case 3:
      return { ...measured, kind: 'calendar_week', timeZone };
    case 4:
      return { ...measured, kind: 'calendar_month', timeZone };
    default: {
      const flexPercent = 100 + (more % 120);
      const day: CapInput = { ...measured, kind: 'calendar_day', timeZone };
      return isAction || more % 3 === 0 ? day : { ...day, flexPercent };
    }
  }
}

/** How long nothing happens. */
export function waitOf([kind = 0, length = 0]: Draw): number {
  const most = [20, 1_500, 2 * HOUR, 40 * HOUR][kind % 4] ?? 0;
  return length % (most + 1);
}
