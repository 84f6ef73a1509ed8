import { DomainError, type Random } from '@kiki/kernel';

/** Attempts in all, unless the producer says otherwise. */
export const DEFAULT_ATTEMPTS = 5;
/** Most attempts that a producer may ask for. */
export const MAX_ATTEMPTS = 50;
/** A job may be lost with its worker (crash, long pause) this many times besides its attempts. */
export const MAX_LOSSES = 10;

/** Finished jobs are kept for an hour, at most 1,000: long enough to deduplicate ids and to look. */
export const KEEP_COMPLETED = { age: 3600, count: 1000 } as const;
/** Dead letters are kept for 30 days, at most 10,000. */
export const KEEP_DEAD = { age: 30 * 24 * 3600, count: 10_000 } as const;

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 5 * 60_000;

/**
 * Milliseconds before the next attempt: exponential with "equal jitter" (half fixed, half random), and never
 * sooner than
 * the error itself asks for.
 * @param failedAttempts attempts made so far, from 1
 */
export function backoffMs(failedAttempts: number, random: Random, error?: unknown): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failedAttempts - 1, 20));
  const jittered = full / 2 + (full / 2) * random.nextDouble();
  const asked = DomainError.is(error) ? (error.details.retryAfterMs ?? 0) : 0;
  return Math.ceil(Math.max(jittered, Math.min(asked, LONGEST_DELAY_MS)));
}

/** Whether another attempt makes sense: everything but a DomainError that says no. */
export function isWorthRetrying(error: unknown): boolean {
  return !DomainError.is(error) || error.isRetryable;
}

/** One line for the dead letter: code first, when there is one. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return DomainError.is(error) ? `${error.code}: ${message}` : message;
}
