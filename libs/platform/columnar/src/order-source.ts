import type { S3Access } from '@kiki/objects';
import { dateSql, idSql, literal, microsSql, textOf, type TypedColumn } from './value-sql.js';

/** Names of the columns, compared without case. */
export interface OrderColumns {
  readonly id: string;
  readonly date: string;
  /** Absent: the log has no amounts, every row is a purchase of nothing. */
  readonly amount?: string;
  /** Absent: the log has one currency, whichever. */
  readonly currency?: string;
}

/** How a CSV is cut, where that is known: nothing is guessed then, and its columns are called `c1`, `c2` … */
export interface CsvDialect {
  readonly delimiter: string;
  /** Columns of a row. */
  readonly width: number;
  /** Whether the first line is a header. */
  readonly hasHeader: boolean;
}

/** An order log as a file. */
export interface OrderSource {
  /**
   * A path, glob or `s3://bucket/key` that ends in `.parquet` or, for CSV with a header, in anything else (also
   * `.csv.gz`).
   */
  readonly path: string;
  readonly columns: OrderColumns;
  /** Of a CSV; otherwise the engine finds out. */
  readonly csv?: CsvDialect;
  /** How S3 is reached. */
  readonly s3?: S3Access;
  /** Whose calendar days merge purchases; local times are of it. @default 'UTC' */
  readonly timeZone?: string;
  /** Whether negative amounts are refunds; otherwise they are refused. @default false */
  readonly refundsDeclared?: boolean;
  /** Currency (ISO 4217) that a currency column must name. @default whichever its rows name, all the same one */
  readonly currency?: string;
  /** Whether rows of exactly nothing are left out; otherwise they are purchases. @default false */
  readonly ignoresZero?: boolean;
}

/** The columns of an order log with their types. */
export interface TypedColumns {
  readonly id: TypedColumn;
  readonly date: TypedColumn;
  readonly amount: TypedColumn | undefined;
  readonly currency: TypedColumn | undefined;
}

/** The table function that reads a file; CSV as text, so that nothing is guessed of its values. */
export function readerOf({ path, csv }: Pick<OrderSource, 'path' | 'csv'>): string {
  if (/\.parquet$/i.test(path)) return `read_parquet(${literal(path)})`;
  if (csv === undefined) return `read_csv(${literal(path)}, header = true, all_varchar = true)`;
  const names = Array.from({ length: csv.width }, (_, i) => columnAt(i));
  const columns = names.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ');
  return `read_csv(${literal(path)}, auto_detect = false, header = ${csv.hasHeader},
    delim = ${literal(csv.delimiter)}, quote = '"', escape = '"', columns = {${columns}})`;
}

/** What a column of a CSV with a known dialect is called, `index` from 0: headers may name one twice. */
export function columnAt(index: number): string {
  return `c${index + 1}`;
}

/**
 * The log as rows `id, day, micros`, null where a value cannot be used, by the rules of `@kiki/orderlog`: dates
 * YYYYMMDD, YYYY-MM-DD, with a time, or RFC 3339; amounts with at most six decimals. Of a log that was checked
 * the texts of ids are not looked at again, which takes most of the time.
 */
export function rowsSql(
  source: OrderSource,
  { id, date, amount }: TypedColumns,
  isChecked = false,
): string {
  const micros = amount === undefined ? '0::BIGINT' : microsSql(amount);
  const { timeZone = 'UTC' } = source;
  const day = `datediff('day', DATE '1970-01-01', ${dateSql(date, timeZone)})`;
  const customer = isChecked ? textOf(id) : idSql(id);
  return `SELECT ${customer} AS id, ${day}::INTEGER AS day, ${micros} AS micros FROM ${readerOf(source)}`;
}
