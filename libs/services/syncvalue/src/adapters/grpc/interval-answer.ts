import type * as wire from '@kiki/contract-syncvalue';
import type { IntervalMetrics } from '../../domain/interval-metrics.js';

/** How intervals held, as the wire has it; undefined where none were judged. */
export function intervalsAnswer(
  intervals: IntervalMetrics | undefined,
): wire.IntervalMetrics | undefined {
  if (intervals === undefined) return undefined;
  return { ...intervals, coverage: intervals.coverage.map((one) => ({ ...one })) };
}

/** A symmetric matrix row by row from its lower triangle. */
export function matrixOf(triangle: readonly number[]): number[] {
  const size = Math.round((Math.sqrt(8 * triangle.length + 1) - 1) / 2);
  const at = (i: number, j: number): number => triangle[(i * (i + 1)) / 2 + j] ?? 0;
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_column, j) => at(Math.max(i, j), Math.min(i, j))),
  ).flat();
}
