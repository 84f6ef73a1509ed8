import type { Row } from '@kiki/postgres';
import type { LedgerDay } from '../../application/ledger.js';
import type { CustomerState } from '../../domain/customer-state.js';
import type { RunningState } from '../../domain/customer-state-running.js';

/** A row of customer_days. */
export interface DayRow extends Row {
  readonly customer_id: string;
  readonly day: number;
  readonly purchase_count: number;
  readonly purchase_micros: bigint;
  readonly refund_count: number;
  readonly refund_micros: bigint;
}

/** A row of customers. */
export interface StateRow extends Row {
  readonly customer_id: string;
  readonly first_day: number | null;
  readonly last_day: number | null;
  readonly frequency: number;
  readonly repeat_micros: bigint;
  readonly total_micros: bigint;
  readonly transaction_count: bigint;
  readonly refund_count: bigint;
}

/** A row of customers with what new rows need to know. */
export interface RunningRow extends StateRow {
  readonly last_refund_day: number | null;
  readonly has_deep_refund: boolean;
}

/** A day as the engine reads it. */
export function dayOfRow(row: DayRow): LedgerDay {
  return {
    day: row.day,
    purchases: row.purchase_count,
    purchaseMicros: Number(row.purchase_micros),
    refunds: row.refund_count,
    refundMicros: Number(row.refund_micros),
  };
}

/** A customer as the domain sees them. */
export function stateOfRow(row: StateRow): CustomerState {
  const { first_day: firstDay, last_day: lastDay } = row;
  const history =
    firstDay === null || lastDay === null
      ? undefined
      : {
          firstDay,
          lastDay,
          frequency: row.frequency,
          repeatMicros: Number(row.repeat_micros),
          totalMicros: Number(row.total_micros),
        };
  return {
    customerId: row.customer_id,
    history,
    transactionCount: row.transaction_count,
    refundCount: row.refund_count,
  };
}

/** A customer's state as new rows find it. */
export function runningStateOfRow(row: RunningRow): RunningState {
  const { history, transactionCount, refundCount } = stateOfRow(row);
  return {
    history,
    transactionCount,
    refundCount,
    lastRefundDay: row.last_refund_day ?? undefined,
    hasDeepRefund: row.has_deep_refund,
  };
}
