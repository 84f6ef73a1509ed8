import type { CustomerTable, PurchaseLog, TimeUnit } from '@kiki/clv';
import type { OrderLogOptions, RowProblem } from '@kiki/orderlog';
import { readColumnarHistory } from './columnar-history.js';
import { readerFor, type ReaderChoice } from './reader-choice.js';
import { readRowHistory } from './row-history.js';

/** What was in an order log. */
export interface HistoryFile {
  readonly rows: number;
  /** Bad rows that were left out. */
  readonly skipped: number;
  readonly refunds: number;
  /** Rows of nothing that were left out on request. */
  readonly zeroRows: number;
  /** The first bad rows. */
  readonly problems: readonly RowProblem[];
  /** `rows`: this process, row by row; `columnar`: the embedded engine, in bounded memory. */
  readonly reader: 'rows' | 'columnar';
}

/** An order log as the value models see it. */
export interface ReadHistory {
  readonly file: HistoryFile;
  /** First and last day with a row, purchase or refund, days since 1970-01-01 in the log's time zone. */
  readonly firstDay: number;
  readonly lastDay: number;
  /** The last day that statistics and purchase days know, inclusive. */
  readonly endDay: number;
  readonly hasAmounts: boolean;
  /** What rows or options say; undefined where neither does. */
  readonly currency: string | undefined;
  /** At the end of `endDay`, with spend. */
  readonly table: CustomerTable;
  /** Purchase days up to `endDay`; empty unless they were asked for. */
  readonly log: PurchaseLog;
}

/** How a log is read for the value models. */
export interface HistoryOptions {
  readonly orderLog: OrderLogOptions;
  /** Leaves rows of exactly nothing out; otherwise they are purchases. */
  readonly ignoresZero: boolean;
  readonly timeUnit: TimeUnit;
  /** Last day that is seen, inclusive; absent: the last day with a row. */
  readonly endDay: number | undefined;
  /** Whether single purchase days are needed, 4 bytes each, or the statistics are enough. */
  readonly needsDays: boolean;
  readonly reader: ReaderChoice;
  readonly signal?: AbortSignal;
  /** Bytes of the file that were read; silent where the engine reads. */
  readonly onBytes?: (bytes: number) => void;
  /** What people should know of how it is read. */
  readonly onNote?: (note: string) => void;
}

/**
 * Reads a file into purchase days: rows of one customer and calendar day are one purchase. Parquet and large CSV are
 * read by the columnar engine, to the same statistics bit for bit.
 * @throws order_file_unreadable, order_reader_unfit, columnar_not_installed, and what the reader throws
 */
export async function readHistory(path: string, options: HistoryOptions): Promise<ReadHistory> {
  const source = await readerFor(path, options);
  return source === undefined
    ? readRowHistory(path, options)
    : readColumnarHistory(source, options);
}
