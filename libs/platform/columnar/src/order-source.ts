/** Names of the columns, compared without case. */
export interface OrderColumns {
  readonly id: string;
  readonly date: string;
  /** Absent: the log has no amounts, every row is a purchase of nothing. */
  readonly amount?: string;
}

/** An order log as a file. */
export interface OrderSource {
  /** A path or glob that ends in `.parquet` or, for CSV with a header, in anything else (also `.csv.gz`). */
  readonly path: string;
  readonly columns: OrderColumns;
  /** Whose calendar days merge purchases; local times are of it. @default 'UTC' */
  readonly timeZone?: string;
  /** Whether negative amounts are refunds; otherwise they are refused. @default false */
  readonly refundsDeclared?: boolean;
}

/** A column as the engine types it, e.g. `VARCHAR`, `DECIMAL(12,2)`. */
export interface TypedColumn {
  readonly name: string;
  readonly type: string;
}

/** The columns of an order log with their types. */
export interface TypedColumns {
  readonly id: TypedColumn;
  readonly date: TypedColumn;
  readonly amount: TypedColumn | undefined;
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The table function that reads a file; CSV as text, so that nothing is guessed of its values. */
export function readerOf(path: string): string {
  return /\.parquet$/i.test(path)
    ? `read_parquet(${literal(path)})`
    : `read_csv(${literal(path)}, header = true, all_varchar = true)`;
}

/**
 * The log as rows `id, day, micros`, null where a value cannot be used, by the rules of `@kiki/orderlog`: dates
 * YYYYMMDD, YYYY-MM-DD, with a time, or RFC 3339; amounts with at most six decimals. Of a log that was checked
 * the texts of ids are not looked at again, which takes most of the time.
 */
export function rowsSql(
  { path, timeZone = 'UTC' }: OrderSource,
  { id, date, amount }: TypedColumns,
  isChecked = false,
): string {
  const micros = amount === undefined ? '0::BIGINT' : microsSql(amount);
  const day = `datediff('day', DATE '1970-01-01', ${dateSql(date, timeZone)})`;
  const customer = isChecked ? textOf(id) : idSql(id);
  return `SELECT ${customer} AS id, ${day}::INTEGER AS day, ${micros} AS micros FROM ${readerOf(path)}`;
}

function textOf({ name, type }: TypedColumn): string {
  const column = identifier(name);
  return type === 'VARCHAR' ? `trim(${column}, ' \t')` : `CAST(${column} AS VARCHAR)`;
}

/** 1 to 128 characters without control characters. */
function idSql(column: TypedColumn): string {
  const text = textOf(column);
  return `CASE WHEN length(${text}) BETWEEN 1 AND 128
    AND NOT regexp_matches(${text}, '[\\x00-\\x1f\\x7f\\x{fffd}]') THEN ${text} END`;
}

function dateSql(column: TypedColumn, timeZone: string): string {
  const name = identifier(column.name);
  const since = (date: string): string => `CASE WHEN ${date} >= DATE '1900-01-01' THEN ${date} END`;
  if (column.type === 'DATE') return since(name);
  if (/^TIMESTAMP(_(S|MS|NS))?$/.test(column.type)) return since(`CAST(${name} AS DATE)`);
  if (column.type === 'TIMESTAMP WITH TIME ZONE') return since(localDate(name, timeZone));
  return since(textDateSql(textOf(column), timeZone));
}

function localDate(instant: string, timeZone: string): string {
  return `CAST(timezone(${literal(timeZone)}, ${instant}) AS DATE)`;
}

function textDateSql(text: string, timeZone: string): string {
  const time = '([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,9})?)?';
  const day = '\\d{4}-\\d{2}-\\d{2}';
  const instant = replaced(text, [
    ['[Tt]', ' '],
    ['\\s?[Zz]$', '+00:00'],
    ['\\s?([+-]\\d\\d):?(\\d\\d)$', '\\1:\\2'],
    // The engine wants seconds before an offset.
    ['( \\d\\d:\\d\\d)([+-][\\d:]+)$', '\\1:00\\2'],
  ]);
  return `CASE
    WHEN regexp_full_match(${text}, '\\d{8}') THEN CAST(try_strptime(${text}, '%Y%m%d') AS DATE)
    WHEN regexp_full_match(${text}, '${day}') THEN TRY_CAST(${text} AS DATE)
    WHEN regexp_full_match(${text}, '${day}[Tt ]${time}') THEN TRY_CAST(left(${text}, 10) AS DATE)
    WHEN regexp_full_match(${text}, '${day}[Tt ]${time}\\s?([Zz]|[+-]([01]\\d|2[0-3]):?[0-5]\\d)')
    THEN ${localDate(`TRY_CAST(${instant} AS TIMESTAMPTZ)`, timeZone)} END`;
}

function replaced(text: string, steps: readonly (readonly [string, string])[]): string {
  return steps.reduce((sql, [from, to]) => `regexp_replace(${sql}, '${from}', '${to}')`, text);
}

/** Whole micros below 2^53; doubles are rounded to the nearest. */
function microsSql(column: TypedColumn): string {
  const name = identifier(column.name);
  const within = (micros: string): string =>
    `CASE WHEN abs(${micros}) <= 9007199254740991 THEN CAST(${micros} AS BIGINT) END`;
  if (/^(DOUBLE|FLOAT)$/.test(column.type)) return within(`round(${name}::DOUBLE * 1e6)`);
  const scaled = (value: string): string =>
    within(`(TRY_CAST(${value} AS DECIMAL(24, 6)) * 1000000::DECIMAL(7, 0))`);
  if (column.type !== 'VARCHAR') return scaled(name);
  const text = textOf(column);
  return `CASE WHEN regexp_full_match(${text}, '[+-]?\\d{1,16}(\\.\\d*)?')
    AND NOT regexp_matches(${text}, '\\.\\d{6}0*[1-9]') THEN ${scaled(`ltrim(${text}, '+')`)} END`;
}
