import { errors } from './errors.js';

/** The only source of time; injected everywhere so that tests own it. */
export abstract class Clock {
  /** Wall clock, milliseconds since the epoch, UTC. */
  abstract nowMs(): number;
  /** Monotonic clock, milliseconds from an arbitrary origin. */
  abstract monotonicMs(): number;
  /** Resolves after `ms`. @throws cancelled when the signal aborts */
  abstract sleep(ms: number, signal?: AbortSignal): Promise<void>;

  /** Wall clock as a Date. */
  now(): Date {
    return new Date(this.nowMs());
  }
}

/** The machine's clock. */
export class SystemClock extends Clock {
  override nowMs(): number {
    return Date.now();
  }

  override monotonicMs(): number {
    return performance.now();
  }

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(errors.cancelled());
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(errors.cancelled());
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
