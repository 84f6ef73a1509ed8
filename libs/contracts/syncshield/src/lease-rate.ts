/** How fast a budget is being spent: an average over about a second that forgets. */
export class SpendRate {
  private microsPerMs = 0;
  private seenMicros = 0n;
  private seenMs: number | undefined;

  constructor(private readonly memoryMs = 1_000) {}

  /** Takes in what has been spent in all until now. */
  update(totalMicros: bigint, nowMs: number): void {
    const elapsedMs = this.seenMs === undefined ? 0 : nowMs - this.seenMs;
    if (this.seenMs !== undefined && elapsedMs <= 0) return;
    if (elapsedMs > 0) {
      const weight = 1 - Math.exp(-elapsedMs / this.memoryMs);
      const latest = Number(totalMicros - this.seenMicros) / elapsedMs;
      this.microsPerMs += weight * (latest - this.microsPerMs);
    }
    this.seenMicros = totalMicros;
    this.seenMs = nowMs;
  }

  /** What is spent in that time at this rate, micros. */
  over(ms: number): bigint {
    return BigInt(Math.ceil(Math.min(this.microsPerMs * ms, Number.MAX_SAFE_INTEGER)));
  }
}
