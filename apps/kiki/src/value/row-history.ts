import { PurchaseHistory, PurchaseLog } from '@kiki/clv';
import { dayNumber } from '@kiki/kernel';
import { orderLogErrors, type OrderLogReport, type OrderRow } from '@kiki/orderlog';
import { readOrderFile } from '../orders/order-file.js';
import type { HistoryOptions, ReadHistory } from './read-history.js';

/** Reads row by row, everything in memory. @throws order_file_unreadable, and what the reader throws */
export async function readRowHistory(path: string, options: HistoryOptions): Promise<ReadHistory> {
  const { orderLog, ignoresZero, timeUnit, needsDays, signal, onBytes } = options;
  const collected = new CollectedRows(orderLog.timeZone ?? 'UTC', ignoresZero);
  const rows = readOrderFile(path, { ...orderLog, derivesIds: false }, onBytes);
  let report: OrderLogReport;
  for (;;) {
    signal?.throwIfAborted();
    const { done, value } = await rows.next();
    if (done === true) {
      report = value;
      break;
    }
    collected.add(value);
  }
  const { history, firstDay, lastDay, hasAmounts, currency, zeroRows } = collected;
  const { rows: count, skipped, refunds, problems } = report;
  if (count === 0) {
    throw orderLogErrors.order_log_empty(`All ${skipped} rows of the log are bad ones, left out.`);
  }
  const endDay = options.endDay ?? lastDay;
  return {
    file: { rows: count, skipped, refunds, zeroRows, problems, reader: 'rows' },
    ...{ firstDay, lastDay, endDay, hasAmounts },
    currency: currency ?? orderLog.currency,
    table: history.table(endDay, timeUnit),
    log: needsDays ? history.log(endDay) : PurchaseLog.of([], endDay),
  };
}

class CollectedRows {
  readonly history: PurchaseHistory;
  firstDay = Infinity;
  lastDay = -Infinity;
  hasAmounts = false;
  zeroRows = 0;
  currency: string | undefined;

  constructor(
    timeZone: string,
    private readonly ignoresZero: boolean,
  ) {
    this.history = new PurchaseHistory(timeZone);
  }

  /** @throws order_currency_invalid for a second currency: their amounts cannot be added up */
  add(row: OrderRow): void {
    const { customerId, atMs, amountMicros } = row;
    const day = dayNumber(atMs, this.history.timeZone);
    if (day < this.firstDay) this.firstDay = day;
    if (day > this.lastDay) this.lastDay = day;
    this.checkCurrency(row);
    this.hasAmounts ||= amountMicros !== null;
    if (this.ignoresZero && amountMicros === 0n) this.zeroRows += 1;
    else this.history.addDay(customerId, day, Number(amountMicros ?? 0n));
  }

  private checkCurrency({ currency, line }: OrderRow): void {
    if (currency === null) return;
    this.currency ??= currency;
    if (currency === this.currency) return;
    throw orderLogErrors.order_currency_invalid(
      `Line ${line}, currency: "${currency}" is not ${this.currency}, the currency of the rows before.`,
      { fields: [{ field: `line ${line}, currency`, expected: this.currency }] },
    );
  }
}
