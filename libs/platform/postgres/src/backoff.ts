import type { Random } from '@kiki/kernel';

/** Milliseconds before attempt `attempt` (2, 3, …): uniform up to 5, 10, 20 … at most 500. */
export function backoffMs(attempt: number, random: Random): number {
  const ceiling = Math.min(500, 5 * 2 ** (attempt - 2));
  return random.nextDouble() * ceiling;
}
