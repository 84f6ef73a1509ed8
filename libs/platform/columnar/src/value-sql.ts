/** A column as the engine types it, e.g. `VARCHAR`, `DECIMAL(12,2)`. */
export interface TypedColumn {
  readonly name: string;
  readonly type: string;
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A value as text, without the spaces around it. */
export function textOf({ name, type }: TypedColumn): string {
  const column = identifier(name);
  return type === 'VARCHAR' ? `trim(${column}, ' \t')` : `CAST(${column} AS VARCHAR)`;
}

/** 1 to 128 characters without control characters. */
export function idSql(column: TypedColumn): string {
  const text = textOf(column);
  return `CASE WHEN length(${text}) BETWEEN 1 AND 128
    AND NOT regexp_matches(${text}, '[\\x00-\\x1f\\x7f\\x{fffd}]') THEN ${text} END`;
}

/** The calendar day in a time zone. */
export function dateSql(column: TypedColumn, timeZone: string): string {
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
  const day = '\\d{4}(-\\d{2}-|/\\d{2}/)\\d{2}';
  const zone = '\\s?([Zz]|[Uu][Tt][Cc]|[+-]([01]\\d|2[0-3])(:?[0-5]\\d)?)';
  const iso = replaced(text, [['^(\\d{4})/(\\d{2})/', '\\1-\\2-']]);
  const instant = replaced(iso, [
    ['\\s?([Zz]|[Uu][Tt][Cc])$', '+00:00'],
    ['^(.{10})[Tt]', '\\1 '],
    ['\\s?([+-]\\d\\d):?(\\d\\d)$', '\\1:\\2'],
    ['\\s([+-]\\d\\d)$', '\\1'],
    // The engine wants seconds before an offset.
    ['( \\d\\d:\\d\\d)([+-][\\d:]+)$', '\\1:00\\2'],
  ]);
  return `CASE
    WHEN regexp_full_match(${text}, '\\d{8}') THEN CAST(try_strptime(${text}, '%Y%m%d') AS DATE)
    WHEN regexp_full_match(${text}, '${day}') THEN TRY_CAST(${iso} AS DATE)
    WHEN regexp_full_match(${text}, '${day}[Tt ]${time}') THEN TRY_CAST(left(${iso}, 10) AS DATE)
    WHEN regexp_full_match(${text}, '${day}[Tt ]${time}${zone}')
    THEN ${localDate(`TRY_CAST(${instant} AS TIMESTAMPTZ)`, timeZone)} END`;
}

function replaced(text: string, steps: readonly (readonly [string, string])[]): string {
  return steps.reduce((sql, [from, to]) => `regexp_replace(${sql}, '${from}', '${to}')`, text);
}

/** Whole micros below 2^53; doubles, and texts with what doubles leave behind, are rounded to the nearest. */
export function microsSql(column: TypedColumn): string {
  const name = identifier(column.name);
  const within = (micros: string): string =>
    `CASE WHEN abs(${micros}) <= 9007199254740991 THEN CAST(${micros} AS BIGINT) END`;
  if (/^(DOUBLE|FLOAT)$/.test(column.type)) return within(`round(${name}::DOUBLE * 1e6)`);
  const scaled = (value: string): string =>
    within(`(TRY_CAST(${value} AS DECIMAL(24, 6)) * 1000000::DECIMAL(7, 0))`);
  if (column.type !== 'VARCHAR') return scaled(name);
  const text = textOf(column);
  const isDecimal = `regexp_full_match(${text}, '[+-]?\\d{1,16}(\\.\\d*)?')`;
  const hasMore = `regexp_matches(${text}, '\\.\\d{6}0*[1-9]')`;
  const isNoise = `regexp_matches(${text}, '\\.\\d{6}(000|999)')`;
  const value = scaled(`ltrim(${text}, '+')`);
  return `CASE WHEN ${isDecimal} AND (NOT ${hasMore} OR ${isNoise}) THEN ${value} END`;
}
