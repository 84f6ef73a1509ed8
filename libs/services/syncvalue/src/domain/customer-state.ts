import type { CustomerDay, HistorySummary, ValuedCustomer } from '@kiki/clv';

/** A customer's day, with the number of refunds. */
export interface LedgerDay extends CustomerDay {
  readonly refunds: number;
}

/** A customer as the ledger keeps them: all that is known up to the newest transaction. */
export interface CustomerState {
  readonly customerId: string;
  /** Undefined while there are only refunds. */
  readonly history: HistorySummary | undefined;
  readonly transactionCount: bigint;
  readonly refundCount: bigint;
}

/**
 * The statistics at the end of a day, in units of the model; undefined for somebody who had not bought by
 * then.
 */
export function statisticsAt(
  history: HistorySummary | undefined,
  day: number,
  daysPerUnit: number,
): ValuedCustomer | undefined {
  if (history === undefined || history.firstDay > day) return undefined;
  const { frequency, firstDay, lastDay, repeatMicros } = history;
  return {
    frequency,
    recency: (lastDay - firstDay) / daysPerUnit,
    age: (day - firstDay) / daysPerUnit,
    spendMeanMicros: frequency === 0 ? 0 : repeatMicros / frequency,
  };
}
