/** Where a trial takes its numbers from. */
export interface TrialRandom {
  /** A whole number from 0 (inclusive) to `below` (exclusive). */
  nextInt(below: number): number;
}

/** What a trial of a cap found. */
export interface TrialReport {
  readonly events: number;
  readonly approved: number;
  readonly denied: number;
  /** Approvals that took something above what the cap allows. */
  readonly above: number;
  /** Denials without a reason that the rules know. */
  readonly tooStrict: number;
}

/** Several trials as one. */
export function together(reports: readonly TrialReport[]): TrialReport {
  const sum = (of: (report: TrialReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  return {
    events: sum(({ events }) => events),
    approved: sum(({ approved }) => approved),
    denied: sum(({ denied }) => denied),
    above: sum(({ above }) => above),
    tooStrict: sum(({ tooStrict }) => tooStrict),
  };
}

/** A whole number below a bound that may be larger than 32 bits. */
export function below(random: TrialRandom, bound: number): number {
  if (bound <= 2 ** 32) return random.nextInt(Math.max(1, bound));
  return random.nextInt(Math.floor(bound / 1_000)) * 1_000 + random.nextInt(1_000);
}

/** A time until the next event: mostly short, now and then long, often none. */
export function gapMs(random: TrialRandom, usualMs: number, longMs: number): number {
  const kind = random.nextInt(40);
  if (kind === 0) return below(random, longMs);
  return kind < 8 ? 0 : below(random, 2 * usualMs + 1);
}
