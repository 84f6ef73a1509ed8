import { DomainError } from '@kiki/kernel';
import { errors } from './errors.js';

/** Runs a step against a shared store; what is not ours becomes `shared_state_unavailable`. */
export async function orUnavailable<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (DomainError.is(cause)) throw cause;
    throw errors.shared_state_unavailable(undefined, { retryAfterMs: 1000 }, { cause });
  }
}

/** What a cache does when its store is away: the read is a miss, the write is left out. */
export type CacheFaultHandler = (error: unknown) => void;

/** Runs a step of a cache; a fault is reported and answered with undefined. */
export async function orMiss<T>(
  step: () => Promise<T>,
  onFault: CacheFaultHandler | undefined,
): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    onFault?.(error);
    return undefined;
  }
}
