import { withLocalCopy } from '@kiki/objects';
import { askEngine } from './ask-engine.js';
import type { DuckConnection, EngineOptions } from './duckdb.js';
import { errors } from './errors.js';
import { columnsOf } from './log-columns.js';
import { readerOf, rowsSql, type OrderSource, type TypedColumns } from './order-source.js';
import { textOf } from './value-sql.js';

/** A customer's history at the end of a day: what models of repeat buying know. */
export interface CustomerSummary {
  readonly customerId: string;
  /** Days with a purchase after the first one. */
  readonly frequency: number;
  /** Days since 1970-01-01. */
  readonly firstDay: number;
  readonly lastDay: number;
  /** Net spend of the repeat days. */
  readonly repeatMicros: number;
  /** Net spend of all days. */
  readonly totalMicros: number;
}

/** What a log holds. */
export interface OrdersSummary {
  readonly rows: number;
  /** Rows with a negative amount. */
  readonly refunds: number;
  /** Rows with an amount of exactly nothing. */
  readonly zeros: number;
  /** What the currency column names; undefined without one. */
  readonly currency: string | undefined;
  /** Customers with a purchase up to the end. */
  readonly customers: number;
  /** First and last day with a row, days since 1970-01-01. */
  readonly firstDay: number;
  readonly lastDay: number;
  /** The day that the histories end with, inclusive. */
  readonly endDay: number;
}

/** How a log is summed up. */
export interface SummaryOptions extends EngineOptions {
  /** Last day that is seen, inclusive. @default the last day with a row */
  readonly endDay?: number;
  /** Called once per customer with a purchase, in ascending byte order of the id. */
  readonly onCustomer: (customer: CustomerSummary, endDay: number) => void;
  /** Called afterwards, in the same order, with each customer's purchase days, ascending. */
  readonly onDays?: (customerId: string, days: readonly number[]) => void;
  readonly signal?: AbortSignal;
}

/**
 * Sums an order log up per customer without holding it in memory: rows merge per customer and calendar day,
 * refunds are netted from the latest purchase days before them, never below zero.
 * @throws columnar_not_installed, columnar_source_unreadable, columnar_column_missing, columnar_rows_invalid,
 * what the signal was aborted with
 */
export function summarizeOrders(
  source: OrderSource,
  options: SummaryOptions,
): Promise<OrdersSummary> {
  const { signal, spillDir } = options;
  const copying = {
    ...(source.s3 !== undefined && { access: source.s3 }),
    ...(spillDir !== undefined && { parentDir: spillDir }),
    ...(signal !== undefined && { signal }),
  };
  return withLocalCopy(source.path, copying, (path) =>
    askEngine(options, (connection) => summarize(connection, { ...source, path }, options)),
  );
}

async function summarize(
  connection: DuckConnection,
  source: OrderSource,
  { endDay: wanted, onCustomer, onDays }: SummaryOptions,
): Promise<OrdersSummary> {
  const columns = await columnsOf(connection, source);
  const checked = await check(
    connection,
    rowsSql(source, columns),
    source.refundsDeclared ?? false,
  );
  const currency = await currencyOf(connection, source, columns);
  const endDay = wanted ?? checked.lastDay;
  const leavesZeros = source.ignoresZero === true && columns.amount !== undefined;
  await connection.run(`CREATE TABLE days AS
    SELECT id, day, count(*) FILTER (micros >= 0) AS purchases,
           CAST(coalesce(sum(micros) FILTER (micros >= 0), 0) AS BIGINT) AS spend,
           CAST(coalesce(-sum(micros) FILTER (micros < 0), 0) AS BIGINT) AS refund
      FROM (${rowsSql(source, columns, true)}) WHERE day <= ${Math.trunc(endDay)}
     ${leavesZeros ? 'AND micros <> 0' : ''} GROUP BY id, day`);
  const customers = await visitCustomers(
    connection,
    checked.refunds === 0 ? PLAIN : NETTED,
    (customer) => onCustomer(customer, endDay),
  );
  if (onDays !== undefined) await visitDays(connection, onDays);
  return { ...checked, currency, customers, endDay };
}

/** Without refunds. */
const PLAIN = `
  SELECT id, (count(*) - 1)::INTEGER, min(day), max(day),
         (sum(spend) - arg_min(spend, day))::DOUBLE, sum(spend)::DOUBLE
    FROM days GROUP BY id ORDER BY id`;

/**
 * With refunds. On days after the first purchase day a customer's net spend Q walks as Q := max(0, Q + spend −
 * refund), and what it lacks is taken from the first day's. With X the running sum of spend − refund the walk
 * ends at X − min(0, min X), and −min(0, min X) was lacking. Refunds before the first purchase have nothing to take.
 */
const NETTED = `
  WITH firsts AS (
    SELECT id, min(day) FILTER (purchases > 0) AS first_day, max(day) FILTER (purchases > 0) AS last_day,
           count(*) FILTER (purchases > 0) - 1 AS frequency
      FROM days GROUP BY id HAVING count(*) FILTER (purchases > 0) > 0),
  walks AS (
    SELECT id, day, sum(spend - refund) OVER (PARTITION BY id ORDER BY day) AS x
      FROM days JOIN firsts USING (id) WHERE day > first_day),
  repeats AS (
    SELECT id, arg_max(x, day) - least(0, min(x)) AS net, least(0, min(x)) AS lacking
      FROM walks GROUP BY id),
  nets AS (
    SELECT firsts.id, frequency, first_day, last_day, coalesce(net, 0) AS repeat_net,
           greatest(0, greatest(0, spend - refund) + coalesce(lacking, 0)) AS first_net
      FROM firsts JOIN days ON days.id = firsts.id AND days.day = first_day
      LEFT JOIN repeats ON repeats.id = firsts.id)
  SELECT id, frequency::INTEGER, first_day, last_day, repeat_net::DOUBLE, (first_net + repeat_net)::DOUBLE
    FROM nets ORDER BY id`;

/** The columns of a result with `width` of them, a piece at a time. */
async function* pieces(
  connection: DuckConnection,
  sql: string,
  width: number,
): AsyncGenerator<readonly (readonly unknown[])[]> {
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    yield Array.from({ length: width }, (_, index) => chunk.getColumnValues(index));
  }
}

/** Tells every customer; answers with their number. */
async function visitCustomers(
  connection: DuckConnection,
  sql: string,
  onCustomer: (customer: CustomerSummary) => void,
): Promise<number> {
  let customers = 0;
  for await (const columns of pieces(connection, sql, 6)) {
    const rows = columns[0]?.length ?? 0;
    const number = (column: number, row: number): number => Number(columns[column]?.[row]);
    for (let row = 0; row < rows; row++) {
      onCustomer({
        customerId: String(columns[0]?.[row]),
        frequency: number(1, row),
        firstDay: number(2, row),
        lastDay: number(3, row),
        repeatMicros: number(4, row),
        totalMicros: number(5, row),
      });
    }
    customers += rows;
  }
  return customers;
}

const DAYS = 'SELECT id, day FROM days WHERE purchases > 0 ORDER BY id, day';

/** Tells every customer's purchase days, ascending. */
async function visitDays(
  connection: DuckConnection,
  onDays: (customerId: string, days: readonly number[]) => void,
): Promise<void> {
  let customerId: unknown;
  let days: number[] = [];
  const tell = (): void => {
    if (days.length > 0) onDays(String(customerId), days);
  };
  for await (const [ids = [], each = []] of pieces(connection, DAYS, 2)) {
    for (let row = 0; row < ids.length; row++) {
      if (ids[row] !== customerId) {
        tell();
        [customerId, days] = [ids[row], []];
      }
      days.push(Number(each[row]));
    }
  }
  tell();
}

/** The one currency of a log. @throws columnar_rows_invalid */
async function currencyOf(
  connection: DuckConnection,
  source: OrderSource,
  { currency }: TypedColumns,
): Promise<string | undefined> {
  if (currency === undefined) return undefined;
  const text = textOf(currency);
  const isOther = `coalesce(NOT regexp_full_match(${text}, '[A-Z]{3}'), true)`;
  const answer = await connection.runAndReadAll(
    `SELECT min(${text}), max(${text}), count(*) FILTER (${isOther}) FROM ${readerOf(source)}`,
  );
  const [[least, most, others] = []] = answer.getRows();
  const wanted = source.currency ?? String(least);
  if (Number(others) === 0 && least === wanted && most === wanted) return wanted;
  const expected = source.currency ?? 'one currency, three capital letters (ISO 4217)';
  throw errors.columnar_rows_invalid(
    `The rows have other currencies than ${expected}: ${String(least)} to ${String(most)}.`,
    { fields: [{ field: 'currency', expected }] },
  );
}

type Checked = Omit<OrdersSummary, 'currency' | 'customers' | 'endDay'>;

/** Counts rows, and refuses a log with unusable ones. */
async function check(
  connection: DuckConnection,
  rows: string,
  refundsDeclared: boolean,
): Promise<Checked> {
  const answer = await connection.runAndReadAll(
    `SELECT count(*), count(*) FILTER (id IS NULL), count(*) FILTER (day IS NULL), count(*) FILTER (micros IS NULL),
            count(*) FILTER (micros < 0), count(*) FILTER (micros = 0), min(day), max(day) FROM (${rows})`,
  );
  const [first = []] = answer.getRows();
  const [count = 0, ids = 0, dates = 0, amounts = 0, ...facts] = first.map(Number);
  const [refunds = 0, zeros = 0, firstDay = NaN, lastDay = NaN] = facts;
  const bad = [
    { field: 'id', count: ids, expected: '1 to 128 characters without control characters' },
    { field: 'date', count: dates, expected: 'YYYYMMDD, YYYY-MM-DD, with a time, or RFC 3339' },
    { field: 'amount', count: amounts, expected: 'a decimal number with at most six decimals' },
    {
      field: 'amount',
      count: refundsDeclared ? 0 : refunds,
      expected: 'an amount ≥ 0, or declared refunds',
    },
  ].filter((problem) => problem.count > 0);
  if (bad.length > 0 || count === 0) {
    const said = bad.map((one) => `${one.count} with another ${one.field} than ${one.expected}`);
    throw errors.columnar_rows_invalid(
      `Of ${count} rows: ${count === 0 ? 'there are none' : said.join('; ')}.`,
      { fields: bad.map(({ field, expected }) => ({ field, expected })) },
    );
  }
  return { rows: count, refunds, zeros, firstDay, lastDay };
}
