import { kernelErrors } from '@kiki/kernel';
import { setTimeout as sleep } from 'node:timers/promises';
import { errors } from '../errors.js';

/** How long and how often is looked. */
export interface PollOptions {
  readonly timeoutMs: number;
  /** @default 100 */
  readonly everyMs?: number;
  readonly signal: AbortSignal;
}

/** Looks until something truthy is seen. @throws demo_stalled naming `what`, cancelled */
export async function poll<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  { timeoutMs, everyMs = 100, signal }: PollOptions,
): Promise<T> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    if (signal.aborted) throw kernelErrors.cancelled();
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > untilMs) {
      throw errors.demo_stalled(`Waited ${Math.round(timeoutMs / 1000)} s in vain for ${what}.`);
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
