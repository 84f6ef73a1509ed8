import { errors } from './errors.js';

/** The only source of time; injected everywhere so that tests own it. */
export abstract class Clock {
  /** Wall clock, milliseconds since the epoch, UTC. */
  abstract nowMs(): number;
  /** Monotonic clock, milliseconds from an arbitrary origin. */
  abstract monotonicMs(): number;
  /** Resolves when `monotonicMs` has grown by at least `ms`. @throws cancelled when the signal aborts */
  abstract sleep(ms: number, signal?: AbortSignal): Promise<void>;

  /** Wall clock as a Date. */
  now(): Date {
    return new Date(this.nowMs());
  }
}

/** Node ends a longer timer at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

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
      const untilMs = this.monotonicMs() + ms;
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(errors.cancelled());
      };
      const awaken = (): void => {
        const restMs = untilMs - this.monotonicMs();
        // A timer of Node may end up to a millisecond early.
        if (restMs > 0) return void (timer = setTimeout(awaken, Math.min(restMs, MAX_TIMER_MS)));
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      let timer = setTimeout(awaken, Math.min(ms, MAX_TIMER_MS));
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
