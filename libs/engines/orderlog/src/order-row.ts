/** One order (or declared refund) of a log. */
export interface OrderRow {
  /** Line of the file on which the row starts, from 1. */
  readonly line: number;
  /** 1 to 128 characters, as written, without surrounding spaces. */
  readonly customerId: string;
  /**
   * The source's own id, or {@link derivedTransactionId} where it has none; empty where the options ask for no ids.
   */
  readonly transactionId: string;
  /** The instant, milliseconds since the epoch; a date without a time is midnight of the declared time zone. */
  readonly atMs: number;
  /** Whole micros; negative only for declared refunds; null when the log has no amounts. */
  readonly amountMicros: bigint | null;
  /** ISO 4217, from the row or the options; null when neither says. */
  readonly currency: string | null;
  /** True for a negative amount of a source that declared refunds. */
  readonly isRefund: boolean;
  /** What the columns of {@link OrderLogOptions.attributes} hold, by attribute; those without a value are left out. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** One thing wrong with one row. */
export interface RowProblem {
  /** Line of the file, from 1. */
  readonly line: number;
  /** A code of the catalogue, e.g. `date_invalid`. */
  readonly code: RowProblemCode;
  /** The column's role: `row`, `id`, `date`, `amount`, `transactionId`, `currency`. */
  readonly field: string;
  /** What was there, cut to 80 characters. */
  readonly value: string;
  /** What was expected, e.g. `a decimal number with at most six decimals`. */
  readonly expected: string;
}

/** The codes that a row can be reported with. */
export type RowProblemCode =
  | 'order_row_malformed'
  | 'customer_id_invalid'
  | 'transaction_id_missing'
  | 'transaction_id_invalid'
  | 'date_invalid'
  | 'amount_invalid'
  | 'amount_negative'
  | 'order_currency_invalid';

/** What a log turned out to be. */
export type OrderLogLayout = 'cdnow_master' | 'cdnow_sample' | 'csv';

/** Which column of a CSV has which role; the values are header names, compared without case. */
export interface ColumnMap {
  readonly id: string;
  readonly date: string;
  readonly amount?: string;
  readonly transactionId?: string;
  readonly currency?: string;
}

/** How a log is read. */
export interface OrderLogOptions {
  /** For CSV: a map, or its text `id=…,date=…,amount=…`. Without it well-known header names are looked for. */
  readonly columns?: ColumnMap | string;
  /** Further columns of a CSV, attribute → column name or position, or their text `channel=utm_source,…`. */
  readonly attributes?: Readonly<Record<string, string>> | string;
  /** Whether rows with problems are left out and reported, or the whole log is refused. @default 'refuse' */
  readonly badRows?: 'skip' | 'refuse';
  /** Whether negative amounts are refunds. @default false */
  readonly refundsDeclared?: boolean;
  /** Currency of the log; a row with another one is a problem. */
  readonly currency?: string;
  /** Time zone of dates and of times without an offset. @default 'UTC' */
  readonly timeZone?: string;
  /**
   * Whether rows without an id of their own get one, see {@link DerivedIds}. Statistics need none, and without them
   * reading is about twice as fast. @default true
   */
  readonly derivesIds?: boolean;
  /** How many problems are kept for the report (all are counted). @default 100 */
  readonly maxProblems?: number;
}

/** What became of a log. */
export interface OrderLogReport {
  /** Undefined until the first row was seen. */
  readonly layout: OrderLogLayout | undefined;
  /** Role → header name, for CSV. */
  readonly columns: ColumnMap | undefined;
  readonly lines: number;
  /** Rows given out. */
  readonly rows: number;
  /** Rows left out; every one has a problem. */
  readonly skipped: number;
  /** Rows given out that are refunds. */
  readonly refunds: number;
  /** The first `maxProblems`. */
  readonly problems: readonly RowProblem[];
}
