/** What one customer did on one calendar day. Amounts are whole micros below 2^53, so sums are exact. */
export interface CustomerDay {
  /** Days since 1970-01-01. */
  readonly day: number;
  /** Purchases of the day; 0 where only refunds happened. */
  readonly purchases: number;
  /** What the purchases brought. */
  readonly purchaseMicros: number;
  /** What was paid back, ≥ 0. */
  readonly refundMicros: number;
}

/** A day with a purchase, refunds taken off. */
export interface NetDay {
  readonly day: number;
  micros: number;
}

/** A customer's history as the models see it. */
export interface HistorySummary {
  /** Days with a purchase after the first one. */
  readonly frequency: number;
  readonly firstDay: number;
  readonly lastDay: number;
  /** Net spend of the repeat days. */
  readonly repeatMicros: number;
  /** Net spend of all days. */
  readonly totalMicros: number;
}

/**
 * The purchase days up to `endDay` (inclusive) of days in ascending order. A refund is no purchase: it lowers
 * the spend of the latest purchase day up to its own, then of the ones before, never below zero, and leaves
 * the frequency alone.
 */
export function netDays(days: readonly CustomerDay[], endDay = Infinity): NetDay[] {
  const net: NetDay[] = [];
  for (const { day, purchases, purchaseMicros, refundMicros } of days) {
    if (day > endDay) break;
    if (purchases > 0) net.push({ day, micros: purchaseMicros });
    let left = refundMicros;
    for (let i = net.length - 1; i >= 0 && left > 0; i--) {
      const earlier = net[i];
      if (earlier === undefined) break;
      const taken = Math.min(earlier.micros, left);
      earlier.micros -= taken;
      left -= taken;
    }
  }
  return net;
}

/** Sums up purchase days in ascending order; undefined without any. */
export function summarize(days: readonly NetDay[]): HistorySummary | undefined {
  const [first] = days;
  const last = days.at(-1);
  if (first === undefined || last === undefined) return undefined;
  let repeatMicros = 0;
  for (let i = 1; i < days.length; i++) repeatMicros += days[i]?.micros ?? 0;
  return {
    frequency: days.length - 1,
    firstDay: first.day,
    lastDay: last.day,
    repeatMicros,
    totalMicros: first.micros + repeatMicros,
  };
}
