const HOUR_MS = 3_600_000n;

/** What was spent in a span, as micros per hour; negative when more came back. */
export function perHour(spentMicros: bigint, spanMs: number): bigint {
  return spanMs <= 0 ? 0n : (spentMicros * HOUR_MS) / BigInt(Math.ceil(spanMs));
}

/**
 * A rate that a single burst, pause or refund does not move much: the mean of equal parts of a span without the
 * smallest and the largest of them (trimmed mean), micros per hour.
 * @param totals what was spent in all at the borders of the parts, oldest first
 */
export function robustPerHour(totals: readonly bigint[], spanMs: number): bigint {
  const parts = totals.slice(1).map((total, index) => total - (totals[index] ?? 0n));
  if (parts.length === 0) return 0n;
  const sorted = parts.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const kept = sorted.length >= 4 ? sorted.slice(1, -1) : sorted;
  const sum = kept.reduce((all, part) => all + part, 0n);
  return perHour(sum, (spanMs * kept.length) / parts.length);
}

/** A cap whose end is asked for. */
export interface ExhaustionQuestion {
  readonly headroomMicros: bigint;
  readonly ratePerHour: bigint;
  readonly nowMs: number;
  /** When the window begins anew; undefined: never. */
  readonly windowEndMs?: number;
  /** Of a sliding window: what it takes in its length. */
  readonly sliding?: { readonly limitMicros: bigint; readonly windowMs: number };
}

/** When nothing is left at that rate, ms since the epoch; undefined when it lasts, or the window ends before. */
export function exhaustionMs(question: ExhaustionQuestion): number | undefined {
  const { headroomMicros, ratePerHour, nowMs, windowEndMs, sliding } = question;
  if (headroomMicros <= 0n) return nowMs;
  if (ratePerHour <= 0n) return undefined;
  if (sliding !== undefined) {
    const perWindow = (ratePerHour * BigInt(sliding.windowMs)) / HOUR_MS;
    if (perWindow <= sliding.limitMicros) return undefined;
  }
  const lastsMs = (headroomMicros * HOUR_MS) / ratePerHour;
  if (lastsMs > 100n * 365n * 24n * HOUR_MS) return undefined;
  const atMs = nowMs + Number(lastsMs);
  return windowEndMs !== undefined && atMs >= windowEndMs ? undefined : atMs;
}
