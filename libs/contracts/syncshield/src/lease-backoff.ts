import type { Random } from '@kiki/kernel';

/** Growing pauses with jitter, so that nodes that failed together do not come back together. */
export class Backoff {
  private failures = 0;
  private untilMs = 0;

  constructor(
    private readonly random: Random,
    private readonly leastMs: number,
    private readonly mostMs: number,
  ) {}

  isOver(nowMs: number): boolean {
    return nowMs >= this.untilMs;
  }

  /** One more failure: a pause of half to the whole of the grown time. */
  failed(nowMs: number, atLeastMs = 0): void {
    const grownMs = Math.min(this.mostMs, this.leastMs * 2 ** Math.min(this.failures, 20));
    this.failures++;
    const pauseMs = grownMs * (0.5 + this.random.nextDouble() / 2);
    this.untilMs = nowMs + Math.max(pauseMs, atLeastMs);
  }

  reset(): void {
    this.failures = 0;
    this.untilMs = 0;
  }
}
