/** How failed deliveries are repeated. */
export interface RetrySchedule {
  /** Attempts in all. */
  readonly attempts: number;
  /** Before the second attempt, milliseconds; it doubles from there on. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

/**
 * How long to wait after so many attempts, milliseconds: doubled each time up to the longest, half of it random so
 * that receivers which were away together are not asked together; undefined when there were enough.
 * @param fraction from 0 (inclusive) to 1 (exclusive)
 */
export function retryDelayMs(
  { attempts, firstDelayMs, longestDelayMs }: RetrySchedule,
  made: number,
  fraction: number,
): number | undefined {
  if (made >= attempts) return undefined;
  const ceiling = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(made - 1, 40));
  return Math.round(ceiling * (0.5 + fraction / 2));
}
