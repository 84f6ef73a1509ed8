import type { Box } from '../geometry.js';

/** Every check, in the order in which results are reported. */
export const CHECK_IDS = [
  'file_type',
  'size',
  'weight',
  'text_length',
  'prohibited_terms',
  'contrast',
  'brand_color',
  'text_overflow',
  'safe_zone',
  'blank',
] as const;

/** Name of a check. */
export type CheckId = (typeof CHECK_IDS)[number];

/** What a check found; `skipped` says in `detail` what was missing to decide. */
export interface CheckResult {
  readonly id: CheckId;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** What was measured, in the unit of `expected`. */
  readonly measured: string;
  readonly expected: string;
  /** What to do about it, or why it was skipped; empty when passed. */
  readonly detail: string;
  /** Where in the picture. */
  readonly box?: Box;
}

/** Passed or failed, with the advice only in the second case. */
export function verdict(
  id: CheckId,
  isPassed: boolean,
  facts: { measured: string; expected: string; advice: string; box?: Box },
): CheckResult {
  const { advice, box, ...rest } = facts;
  return {
    id,
    status: isPassed ? 'passed' : 'failed',
    ...rest,
    detail: isPassed ? '' : advice,
    ...(box && !isPassed ? { box } : {}),
  };
}

/** A check that could not decide. */
export function skipped(id: CheckId, expected: string, why: string): CheckResult {
  return { id, status: 'skipped', measured: '', expected, detail: why };
}
