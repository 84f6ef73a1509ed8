import pg from 'pg';

/**
 * Arrays as PostgreSQL reads them, for statements that take many long ones (`$1::text[]`, `$2::bigint[]`): the driver's
 * own way looks at every element's type and costs some three times as much.
 */

/** An array of numbers, booleans or nulls as text; bigint exactly. */
export function plainArray(values: readonly (number | bigint | boolean | null)[]): string {
  let text = '{';
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (i > 0) text += ',';
    text += value === null || value === undefined ? 'NULL' : value;
  }
  return `${text}}`;
}

/**
 * A column that most rows have nothing in, as an array; an empty one when none has: unnest fills shorter arrays up with
 * nulls.
 */
export function rareArray<T>(
  rows: readonly T[],
  of: (row: T) => number | bigint | undefined,
): string {
  if (rows.every((row) => of(row) === undefined)) return '{}';
  return plainArray(rows.map((row) => of(row) ?? null));
}

/** An array of texts or nulls as text. */
export function textArray(values: readonly (string | null)[]): string {
  let text = '{';
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (i > 0) text += ',';
    text += value === null || value === undefined ? 'NULL' : `"${escaped(value)}"`;
  }
  return `${text}}`;
}

/**
 * A column that is mostly the same in all rows, as an array of one where it is: unnest fills it up with nulls, which
 * `coalesce(k.column, ($1::text[])[1])` makes good. Only for columns without nulls.
 */
export function uniform<T>(values: readonly T[]): readonly T[] {
  const [first] = values;
  return values.length > 1 && values.every((value) => value === first)
    ? values.slice(0, 1)
    : values;
}

function escaped(text: string): string {
  return text.includes('"') || text.includes('\\') ? text.replace(/["\\]/g, '\\$&') : text;
}

/** A text as a literal of SQL, for statements that take no parameters (`opening` of a transaction). */
export function sqlLiteral(text: string): string {
  return pg.escapeLiteral(text);
}
