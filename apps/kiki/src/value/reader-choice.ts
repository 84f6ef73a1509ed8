import { columnarMissing, columnAt, columnNames, type OrderSource } from '@kiki/columnar';
import { guessColumns, layoutIn, parseColumns, type ColumnMap } from '@kiki/orderlog';
import { errors } from '../errors.js';
import { fileChunks } from '../orders/file-chunks.js';
import { orderFileBytes } from '../orders/order-file.js';
import type { HistoryOptions } from './read-history.js';

/** Who reads: `auto` goes by kind and size of the file. */
export const READERS = ['auto', 'rows', 'columnar'] as const;

export type ReaderChoice = (typeof READERS)[number];

/** Where rows would take half a gigabyte of memory and more. */
export const LARGE_BYTES = 64 * 2 ** 20;

/**
 * What the columnar engine is to read, or undefined where rows are.
 * @throws order_reader_unfit, columnar_not_installed
 */
export async function readerFor(
  path: string,
  options: HistoryOptions,
): Promise<OrderSource | undefined> {
  const isParquet = /\.parquet$/i.test(path);
  if (options.reader === 'rows' && isParquet) {
    throw unfit('Parquet is read by the columnar engine', 'auto or columnar');
  }
  const bytes = await orderFileBytes(path);
  const isWanted = isParquet || options.reader === 'columnar';
  if (options.reader === 'rows' || (!isWanted && bytes < LARGE_BYTES)) return undefined;
  const obstacle = options.orderLog.badRows === 'skip' ? 'no row can be left out there' : undefined;
  const source = isParquet ? await parquetSource(path, options) : await csvSource(path, options);
  if (source !== undefined && obstacle === undefined) return reachable(source, isWanted, options);
  if (!isWanted) return undefined;
  throw unfit(obstacle ?? 'it is no CSV with one delimiter in UTF-8', 'rows');
}

/** The source, where the engine is there or has to be; undefined where a CSV can also be read without it. */
async function reachable(
  source: OrderSource,
  isWanted: boolean,
  { onNote }: HistoryOptions,
): Promise<OrderSource | undefined> {
  // Whoever asks the engine hears its own error, with how to install it.
  const missing = isWanted ? undefined : await columnarMissing();
  if (missing === undefined) return source;
  onNote?.(
    'a large file is read row by row, which takes memory for every order; `npm install @duckdb/node-api` bounds it',
  );
  return undefined;
}

async function parquetSource(path: string, options: HistoryOptions): Promise<OrderSource> {
  const { columns } = options.orderLog;
  const named = typeof columns === 'string' ? parseColumns(columns) : columns;
  const map = named ?? guessColumns(await columnNames({ path }));
  return { path, columns: rolesOf(map), ...termsOf(options) };
}

async function csvSource(path: string, options: HistoryOptions): Promise<OrderSource | undefined> {
  const layout = layoutIn(await headOf(path), options.orderLog.columns);
  if (layout?.name !== 'csv' || layout.delimiter === undefined) return undefined;
  const { delimiter, header, hasHeader, id, date, amount, currency } = layout;
  return {
    path,
    csv: { delimiter, width: header.length, hasHeader },
    columns: {
      ...{ id: columnAt(id), date: columnAt(date) },
      ...(amount !== undefined && { amount: columnAt(amount) }),
      ...(currency !== undefined && { currency: columnAt(currency) }),
    },
    ...termsOf(options),
  };
}

function rolesOf({ id, date, amount, currency }: ColumnMap): OrderSource['columns'] {
  return {
    ...{ id, date },
    ...(amount !== undefined && { amount }),
    ...(currency !== undefined && { currency }),
  };
}

function termsOf({ orderLog, ignoresZero }: HistoryOptions) {
  const { timeZone = 'UTC', refundsDeclared = false, currency } = orderLog;
  return {
    ...{ timeZone, refundsDeclared, ignoresZero },
    ...(currency !== undefined && { currency }),
  };
}

/** The beginning of a file, decompressed. */
async function headOf(path: string): Promise<Uint8Array> {
  for await (const chunk of fileChunks(path, () => undefined)) return chunk;
  return new Uint8Array();
}

function unfit(why: string, expected: string): Error {
  return errors.order_reader_unfit(`--reader: ${why}; expected ${expected}.`, {
    fields: [{ field: '--reader', expected }],
  });
}
