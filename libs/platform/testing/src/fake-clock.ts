import { Clock, kernelErrors } from '@kiki/kernel';

interface Sleeper {
  readonly wakeAtMs: number;
  readonly order: number;
  wake(): void;
}

/** A clock that stands still until a test moves it. */
export class FakeClock extends Clock {
  private elapsedMs = 0;
  private order = 0;
  private readonly sleepers = new Set<Sleeper>();

  /** @param startMs wall clock at the start, default 2026-01-01T00:00:00Z */
  constructor(private startMs = Date.UTC(2026, 0, 1)) {
    super();
  }

  override nowMs(): number {
    return this.startMs + this.elapsedMs;
  }

  override monotonicMs(): number {
    return this.elapsedMs;
  }

  /** How many sleeps have not ended. */
  get sleeping(): number {
    return this.sleepers.size;
  }

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(kernelErrors.cancelled());
      const onAbort = (): void => {
        this.sleepers.delete(sleeper);
        reject(kernelErrors.cancelled());
      };
      const sleeper: Sleeper = {
        wakeAtMs: this.elapsedMs + Math.max(0, ms),
        order: this.order++,
        wake: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.sleepers.add(sleeper);
    });
  }

  /**
   * Moves time forward and wakes, in order and each at its own instant, everyone whose sleep ends in between;
   * sleeps that they start are honoured too.
   */
  async advance(ms: number): Promise<void> {
    const untilMs = this.elapsedMs + ms;
    for (;;) {
      const next = [...this.sleepers]
        .filter((sleeper) => sleeper.wakeAtMs <= untilMs)
        .sort((a, b) => a.wakeAtMs - b.wakeAtMs || a.order - b.order)[0];
      if (next === undefined) break;
      this.sleepers.delete(next);
      this.elapsedMs = Math.max(this.elapsedMs, next.wakeAtMs);
      next.wake();
      await settle();
    }
    this.elapsedMs = untilMs;
    await settle();
  }

  /** Sets the wall clock alone, as an operator or NTP does; sleeps and the monotonic clock do not notice. */
  setWallClock(nowMs: number): void {
    this.startMs = nowMs - this.elapsedMs;
  }
}

/** Lets everything that is ready to run, run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
