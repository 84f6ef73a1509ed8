import type { Budget, Cap } from '../budget.js';
import { windowAt } from '../cap-window.js';

/** Most parts that a plan may have: the hours of a month. */
export const MAX_PARTS = 744;
/** The largest share of a part. */
export const MAX_WEIGHT = 1_000_000;

/** How much of a cap should be spent when. */
export interface Plan {
  readonly capId: string;
  /** Shares of equal parts of the window, e.g. 24 of a day; undefined: even. */
  readonly weights?: readonly number[];
  /** The window, of a cap that has none of its own. */
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** A window with both ends. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Whether money can be planned on the cap: it adds up over a window, or up to an end that the plan names. */
export function isPlannable(cap: Cap): boolean {
  const isWindowed = cap.kind.startsWith('calendar_');
  return cap.measure === 'micros' && (isWindowed || cap.kind === 'total');
}

/** What is planned when nothing was set: the shortest calendar cap of the budget, evenly. */
export function defaultPlan(budget: Budget): Plan | undefined {
  const kinds = ['calendar_day', 'calendar_week', 'calendar_month'];
  for (const kind of kinds) {
    const cap = budget.caps.find((one) => one.kind === kind && isPlannable(one));
    if (cap !== undefined) return { capId: cap.id };
  }
  return undefined;
}

/** The window of a plan at an instant; undefined when it has none. */
export function windowOfPlan(plan: Plan, cap: Cap, nowMs: number): Window | undefined {
  const own = windowAt(cap, nowMs);
  const fromMs = plan.fromMs ?? own.fromMs;
  const toMs = plan.toMs ?? own.toMs;
  return fromMs === undefined || toMs === undefined ? undefined : { fromMs, toMs };
}

/**
 * What should have been spent of `limit` by an instant, rounded down: within a part of the window money is spent
 * evenly, parts get their share of the whole.
 */
export function plannedMicros(
  limit: bigint,
  { weights = [1] }: Plan,
  { fromMs, toMs }: Window,
  nowMs: number,
): bigint {
  if (nowMs <= fromMs) return 0n;
  if (nowMs >= toMs) return limit;
  const lengthMs = BigInt(toMs - fromMs);
  const parts = BigInt(weights.length);
  // In units of 1/parts of a millisecond every part has the length of the window.
  const passed = BigInt(nowMs - fromMs) * parts;
  const current = passed / lengthMs;
  const total = weights.reduce((sum, weight) => sum + BigInt(weight), 0n);
  const before = weights
    .slice(0, Number(current))
    .reduce((sum, weight) => sum + BigInt(weight), 0n);
  const weight = BigInt(weights[Number(current)] ?? 0);
  return (limit * (before * lengthMs + weight * (passed % lengthMs))) / (total * lengthMs);
}
