import type { Observed } from '../models/purchase-kind.js';
import type { Member } from './member.js';

/** A customer in calendar time and in operational time, both in the unit of the ensemble. */
export interface TimedRow {
  readonly calendar: Observed;
  readonly paced: Observed;
}

/** Weighted geometric mean of what the members expect: log p = Σ w log p_k. */
export function geometricBlend(values: readonly number[], weights: readonly number[]): number {
  return Math.exp(values.reduce((sum, value, k) => sum + (weights[k] ?? 0) * Math.log(value), 0));
}

/** Weighted mean. */
export function arithmeticBlend(values: readonly number[], weights: readonly number[]): number {
  return values.reduce((sum, value, k) => sum + (weights[k] ?? 0) * value, 0);
}

/** What each member expects of one customer. */
export function expectations(members: readonly Member[], row: Observed, horizon: number): number[] {
  return members.map((member) => member.expected(row, horizon));
}
