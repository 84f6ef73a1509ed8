import { setTimeout as sleep } from 'node:timers/promises';

/** How long and how often to look. */
export interface WaitOptions {
  /** @default 10000 */
  readonly timeoutMs?: number;
  /** @default 20 */
  readonly everyMs?: number;
  /** Completes "Waited 10000 ms for …". @default 'the condition' */
  readonly what?: string;
}

/** Looks until the predicate gives something truthy and returns that; a throwing predicate counts as "not yet". */
export async function waitFor<T>(
  predicate: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<NonNullable<T>> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const deadlineMs = performance.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const value = await predicate();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await sleep(options.everyMs ?? 20);
  } while (performance.now() < deadlineMs);
  throw new Error(`Waited ${timeoutMs} ms for ${options.what ?? 'the condition'}.`, { cause });
}
