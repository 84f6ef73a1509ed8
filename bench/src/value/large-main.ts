/** One measured process: a Parquet file to statistics to a BG/NBD fit; its highest memory is its own. */
import { fitPurchases, TableBuilder } from '@kiki/clv';
import { summarizeOrders } from '@kiki/columnar';
import { readFileSync } from 'node:fs';

/** What the process sends. */
export interface LargeAnswer {
  readonly rows: number;
  readonly customers: number;
  readonly statisticsMs: number;
  readonly fitMs: number;
  /** Highest resident memory, MiB. */
  readonly peakMiB: number;
  readonly parameters: Readonly<Record<string, number>>;
}

const [path = ''] = process.argv.slice(2);
const columns = { id: 'id', date: 'date', amount: 'amount' };
const builder = new TableBuilder('week');
const startedMs = performance.now();
const { rows, customers } = await summarizeOrders(
  { path, columns },
  { onCustomer: ({ customerId, ...summary }, end) => builder.add(customerId, summary, end) },
);
const table = builder.build();
const readMs = performance.now();
const { model } = fitPurchases(table, 'bg_nbd');
const answer: LargeAnswer = {
  rows,
  customers,
  statisticsMs: readMs - startedMs,
  fitMs: performance.now() - readMs,
  peakMiB:
    Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024,
  parameters: model.parameters,
};
process.send?.(answer);
