import { PurchaseHistory } from '@kiki/clv';
import { dayNumber } from '@kiki/kernel';
import type { OrderLogOptions, OrderLogReport } from '@kiki/orderlog';
import { readOrderFile } from '../orders/order-file.js';

/** An order log as the value models see it. */
export interface ReadHistory {
  readonly history: PurchaseHistory;
  readonly file: OrderLogReport;
  /** First and last day with a row, purchase or refund, days since 1970-01-01 in the log's time zone. */
  readonly firstDay: number;
  readonly lastDay: number;
  readonly hasAmounts: boolean;
  /** Rows of nothing that were left out on request. */
  readonly zeroRows: number;
}

/** How a log is read for the value models. */
export interface HistoryOptions {
  readonly orderLog: OrderLogOptions;
  /** Leaves rows of exactly nothing out; otherwise they are purchases. */
  readonly ignoresZero: boolean;
  readonly signal?: AbortSignal;
  /** Bytes of the file that were read. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Reads a file into purchase days: rows of one customer and calendar day are one purchase.
 * @throws order_file_unreadable, and what the reader throws
 */
export async function readHistory(path: string, options: HistoryOptions): Promise<ReadHistory> {
  const { orderLog, ignoresZero, signal, onBytes } = options;
  const history = new PurchaseHistory(orderLog.timeZone ?? 'UTC');
  let [firstDay, lastDay, hasAmounts, zeroRows] = [Infinity, -Infinity, false, 0];
  const rows = readOrderFile(path, { ...orderLog, derivesIds: false }, onBytes);
  for (;;) {
    signal?.throwIfAborted();
    const { done, value } = await rows.next();
    if (done) return { history, file: value, firstDay, lastDay, hasAmounts, zeroRows };
    const day = dayNumber(value.atMs, history.timeZone);
    firstDay = Math.min(firstDay, day);
    lastDay = Math.max(lastDay, day);
    hasAmounts ||= value.amountMicros !== null;
    if (ignoresZero && value.amountMicros === 0n) zeroRows += 1;
    else history.addDay(value.customerId, day, Number(value.amountMicros ?? 0n));
  }
}
