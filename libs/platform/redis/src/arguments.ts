import { errors } from './errors.js';
import type { RateLimit } from './ports.js';

/** Longest key or lock name, in UTF-16 code units. */
export const MAX_KEY_LENGTH = 512;
/** Longest time to live or lease: 30 days. Nothing here is meant to be kept. */
export const MAX_TTL_MS = 30 * 24 * 3_600_000;
/** Largest rate, requests per second. */
export const MAX_RATE_PER_SECOND = 1_000_000;
/** Largest burst, requests. */
export const MAX_BURST = 1_000_000;

function refuse(field: string, expected: string): never {
  throw errors.shared_state_argument(`${field} must be ${expected}.`, {
    fields: [{ field, expected }],
  });
}

/** Checks a cache key, limiter key or lock name. @throws shared_state_argument */
export function checkKey(field: string, key: string): void {
  const fits = key.length > 0 && key.length <= MAX_KEY_LENGTH;
  if (!fits || !key.isWellFormed() || key.includes('\u0000')) {
    refuse(field, `a text of 1 to ${MAX_KEY_LENGTH} characters without NUL`);
  }
}

/** Checks a time to live and rounds it up to whole milliseconds. @throws shared_state_argument */
export function checkTtl(ttlMs: number): number {
  if (!(ttlMs > 0 && ttlMs <= MAX_TTL_MS)) {
    refuse('ttlMs', `a number of milliseconds above 0 and at most ${MAX_TTL_MS}`);
  }
  return Math.ceil(ttlMs);
}

/** Checks a limit and a cost. @throws shared_state_argument */
export function checkLimit(limit: RateLimit, cost: number): void {
  if (!(limit.ratePerSecond > 0 && limit.ratePerSecond <= MAX_RATE_PER_SECOND)) {
    refuse('ratePerSecond', `above 0 and at most ${MAX_RATE_PER_SECOND}`);
  }
  if (!(limit.burst >= 1 && limit.burst <= MAX_BURST)) {
    refuse('burst', `from 1 to ${MAX_BURST}`);
  }
  if (!(cost > 0 && cost <= limit.burst)) refuse('cost', 'above 0 and at most the burst');
}

/** The JSON text of a value. @throws shared_state_argument for what JSON cannot carry */
export function toJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  return text ?? refuse('value', 'something that JSON can carry');
}
