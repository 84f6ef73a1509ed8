import type { Budget, Cap } from './budget.js';
import { MIN_WINDOW_MS } from './cap-window.js';

/** What the reference remembers of a hold: nothing is ever counted, everything is summed anew. */
export interface Fact {
  readonly id: string;
  readonly budgetNo: bigint;
  readonly decidedMs: number;
  readonly amount: bigint;
  readonly releaseMs: number;
  isHeld: boolean;
  isCaptured: boolean;
  spent: bigint;
  late: bigint;
  refunded: bigint;
}

/** The naive rules of the ledger, from the history alone. */
export class Reference {
  readonly facts: Fact[] = [];

  constructor(readonly pathOf: (budgetNo: bigint) => readonly Budget[]) {}

  /** What a budget and everything below it hold and spent by the facts that pass. */
  sum(budget: Budget, passes: (fact: Fact) => boolean): bigint {
    return this.facts
      .filter((fact) => passes(fact) && this.pathOf(fact.budgetNo).includes(budget))
      .reduce((sum, fact) => sum + (fact.isHeld ? fact.amount : 0n) + fact.spent, 0n);
  }

  /** The same by parts, over all time. */
  parts(budget: Budget): { spentMicros: bigint; heldMicros: bigint } {
    const below = this.facts.filter((fact) => this.pathOf(fact.budgetNo).includes(budget));
    return {
      spentMicros: below.reduce((sum, { spent }) => sum + spent, 0n),
      heldMicros: below.reduce((sum, { isHeld, amount }) => sum + (isHeld ? amount : 0n), 0n),
    };
  }

  /**
   * What really counts against a cap at an instant: its local calendar date, its exact window, or
   * everything.
   */
  used(budget: Budget, cap: Cap, nowMs: number): bigint {
    if (cap.kind === 'calendar_day') {
      const today = dateOf(nowMs, cap.timeZone);
      return this.sum(budget, ({ decidedMs }) => dateOf(decidedMs, cap.timeZone) === today);
    }
    if (cap.kind === 'sliding_window') {
      const fromMs = nowMs - (cap.windowMs ?? MIN_WINDOW_MS);
      return this.sum(budget, ({ decidedMs }) => decidedMs > fromMs && decidedMs <= nowMs);
    }
    return this.sum(budget, () => true);
  }

  /**
   * The most that may count: a sliding window may reach back by 1/120 more than its length.
   */
  usedAtMost(budget: Budget, cap: Cap, nowMs: number): bigint {
    if (cap.kind !== 'sliding_window') return this.used(budget, cap, nowMs);
    const windowMs = cap.windowMs ?? MIN_WINDOW_MS;
    const fromMs = nowMs - windowMs - Math.floor(windowMs / 120);
    return this.sum(budget, ({ decidedMs }) => decidedMs > fromMs && decidedMs <= nowMs);
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The local date as the tz database prints it. */
export function dateOf(atMs: number, timeZone = 'UTC'): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
    formats.set(timeZone, format);
  }
  return format.format(atMs);
}
