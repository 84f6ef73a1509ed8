import { PurchaseLog, TableBuilder } from '@kiki/clv';
import { summarizeOrders, type OrderSource } from '@kiki/columnar';
import { DayLogBuilder } from './day-log.js';
import type { HistoryOptions, ReadHistory } from './read-history.js';

/** Lets the columnar engine read, so that memory grows with the customers only. @throws as summarizeOrders */
export async function readColumnarHistory(
  source: OrderSource,
  { orderLog, ignoresZero, timeUnit, endDay: wanted, needsDays, signal }: HistoryOptions,
): Promise<ReadHistory> {
  const table = new TableBuilder(timeUnit);
  const days = new DayLogBuilder();
  const summary = await summarizeOrders(source, {
    ...(wanted !== undefined && { endDay: wanted }),
    ...(signal !== undefined && { signal }),
    onCustomer: ({ customerId, ...summary }, end) => table.add(customerId, summary, end),
    ...(needsDays && { onDays: (customerId, each) => days.add(customerId, each) }),
  });
  const { rows, refunds, zeros, firstDay, lastDay, endDay } = summary;
  const hasAmounts = source.columns.amount !== undefined;
  const zeroRows = ignoresZero && hasAmounts ? zeros : 0;
  return {
    file: { rows, skipped: 0, refunds, zeroRows, problems: [], reader: 'columnar' },
    ...{ firstDay, lastDay, endDay, hasAmounts },
    currency: summary.currency ?? orderLog.currency,
    table: table.build(),
    log: needsDays ? days.build(endDay) : PurchaseLog.of([], endDay),
  };
}
