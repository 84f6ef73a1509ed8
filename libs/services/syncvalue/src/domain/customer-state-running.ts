import { netDays, summarize, type HistorySummary } from '@kiki/clv';
import type { CustomerState, LedgerDay } from './customer-state.js';

/** What is kept of a customer so that new rows need not read the days before them. */
export interface RunningState extends Omit<CustomerState, 'customerId'> {
  /** Newest day on which money was paid back. */
  readonly lastRefundDay: number | undefined;
  /** A refund took from an earlier first purchase day, or found less than it paid back. */
  readonly hasDeepRefund: boolean;
}

/** New rows of one day, and the day as it is with them. */
export interface GrownDay {
  readonly day: number;
  readonly gained: {
    readonly purchases: number;
    readonly purchaseMicros: number;
    readonly refunds: number;
    readonly refundMicros: number;
  };
  readonly purchases: number;
  readonly purchaseMicros: number;
  readonly refundMicros: number;
}

/** The state made from all of a customer's days, ascending: what every other way has to equal. */
export function rebuiltState(days: readonly LedgerDay[]): RunningState {
  const total = (count: (day: LedgerDay) => number): bigint =>
    BigInt(days.reduce((sum, day) => sum + count(day), 0));
  return {
    history: summarize(netDays(days)),
    transactionCount: total((day) => day.purchases + day.refunds),
    refundCount: total((day) => day.refunds),
    lastRefundDay: days.findLast((day) => day.refundMicros > 0)?.day,
    hasDeepRefund: hasDeepRefund(days),
  };
}

/**
 * The state with new rows, in constant time per day of theirs (ascending), or undefined when the customer's days
 * have to be read: for a refund dated between the first and the last purchase day, for a purchase that is not
 * newer than every refund while one of them reached the first purchase day or found too little, and where
 * sums leave the integers that doubles hold.
 *
 * Netting lowers only sums. With F and Q the net spend of the first day and of the later ones, a later day with
 * purchases p and refunds r makes Q := max(0, Q + p − r), and what Q lacked is taken from F. As long as
 * nothing was lacking F and Q are plain sums, which late rows may join in any order.
 */
export function advancedState(
  state: RunningState | undefined,
  days: readonly GrownDay[],
): RunningState | undefined {
  const running = new Running(state);
  for (const grown of days) {
    const { day, gained } = grown;
    if (grown.purchaseMicros > MAX || grown.refundMicros > MAX) return undefined;
    const isNewDay = grown.purchases === gained.purchases;
    if (gained.purchases > 0 && !running.buy(day, gained.purchaseMicros, isNewDay)) {
      return undefined;
    }
    if (gained.refundMicros > 0 && !running.refund(day, gained.refundMicros)) return undefined;
    running.count(gained.purchases + gained.refunds, gained.refunds);
  }
  return running.isExact ? running.state() : undefined;
}

const MAX = Number.MAX_SAFE_INTEGER;

/** A state while rows are taken in; `false` from a step: the days have to be read. */
class Running {
  private firstDay: number | undefined;
  private lastDay: number;
  private frequency: number;
  private firstMicros: number;
  private repeatMicros: number;
  private transactionCount: bigint;
  private refundCount: bigint;
  private lastRefundDay: number;
  private hasDeepRefund: boolean;
  /** Whether all sums so far were integers that doubles hold. */
  isExact: boolean;

  constructor(state: RunningState | undefined) {
    const history = state?.history;
    this.firstDay = history?.firstDay;
    this.lastDay = history?.lastDay ?? -Infinity;
    this.frequency = history?.frequency ?? 0;
    this.repeatMicros = history?.repeatMicros ?? 0;
    const totalMicros = history?.totalMicros ?? 0;
    this.firstMicros = totalMicros - this.repeatMicros;
    this.isExact = totalMicros <= MAX;
    this.transactionCount = state?.transactionCount ?? 0n;
    this.refundCount = state?.refundCount ?? 0n;
    this.lastRefundDay = state?.lastRefundDay ?? -Infinity;
    this.hasDeepRefund = state?.hasDeepRefund ?? false;
  }

  /** Takes a day's purchases in; `isNewDay` when the day had none before. */
  buy(day: number, micros: number, isNewDay: boolean): boolean {
    if (this.hasDeepRefund && day <= this.lastRefundDay) return false;
    if (this.firstDay === undefined) {
      [this.firstDay, this.firstMicros] = [day, micros];
    } else if (day < this.firstDay) {
      this.repeatMicros += this.firstMicros;
      [this.firstDay, this.firstMicros] = [day, micros];
      this.frequency += 1;
    } else if (day === this.firstDay) {
      this.firstMicros += micros;
    } else {
      this.repeatMicros += micros;
      if (isNewDay) this.frequency += 1;
    }
    this.lastDay = Math.max(this.lastDay, day);
    this.isExact &&= this.firstMicros + this.repeatMicros <= MAX;
    return true;
  }

  /** Takes a day's refunds in. */
  refund(day: number, micros: number): boolean {
    const { firstDay, lastDay } = this;
    if (firstDay === undefined || day < firstDay) {
      this.hasDeepRefund = true;
    } else if (day < lastDay) {
      return false;
    } else {
      const fromRepeat = Math.min(this.repeatMicros, micros);
      const rest = micros - fromRepeat;
      this.hasDeepRefund ||= rest > (day === firstDay ? this.firstMicros : 0);
      this.repeatMicros -= fromRepeat;
      this.firstMicros -= Math.min(this.firstMicros, rest);
    }
    this.lastRefundDay = Math.max(this.lastRefundDay, day);
    return true;
  }

  count(transactions: number, refunds: number): void {
    this.transactionCount += BigInt(transactions);
    this.refundCount += BigInt(refunds);
  }

  state(): RunningState {
    const { transactionCount, refundCount, lastRefundDay, hasDeepRefund } = this;
    return {
      history: this.history(),
      transactionCount,
      refundCount,
      lastRefundDay: lastRefundDay === -Infinity ? undefined : lastRefundDay,
      hasDeepRefund,
    };
  }

  private history(): HistorySummary | undefined {
    const { firstDay, lastDay, frequency, firstMicros, repeatMicros } = this;
    if (firstDay === undefined) return undefined;
    return {
      frequency,
      firstDay,
      lastDay,
      repeatMicros,
      totalMicros: firstMicros + repeatMicros,
    };
  }
}

function hasDeepRefund(days: readonly LedgerDay[]): boolean {
  let firstDay: number | undefined;
  let repeatMicros = 0;
  for (const { day, purchases, purchaseMicros, refundMicros } of days) {
    const isFirst = firstDay === undefined && purchases > 0;
    if (isFirst) firstDay = day;
    else repeatMicros += purchaseMicros;
    if (refundMicros > (isFirst ? purchaseMicros : repeatMicros)) return true;
    if (!isFirst) repeatMicros -= refundMicros;
  }
  return false;
}
