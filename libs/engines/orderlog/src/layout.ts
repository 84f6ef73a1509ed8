import {
  guessColumns,
  invalidColumns,
  isWellKnown,
  parseColumns,
  shownNames,
} from './column-names.js';
import { delimiterOf, splitCsv } from './csv-record.js';
import { instantOf } from './dates.js';
import { errors } from './errors.js';
import type { ColumnMap, OrderLogLayout } from './order-row.js';

/** Where a row's fields are. */
export interface Layout {
  readonly name: OrderLogLayout;
  /** Undefined for fields separated by runs of spaces. */
  readonly delimiter: string | undefined;
  /** The columns' names, or what they are where the log does not name them. */
  readonly header: readonly string[];
  readonly id: number;
  readonly date: number;
  readonly amount: number | undefined;
  readonly transactionId: number | undefined;
  readonly currency: number | undefined;
  readonly columns: ColumnMap | undefined;
  /** True when the line it was found on is a header and no row. */
  readonly hasHeader: boolean;
}

const MASTER_ROW = /^\s*\d+\s+\d{8}\s+\d+\s+\S+\s*$/;
const SAMPLE_ROW = /^\s*\d+\s+\d+\s+\d{8}\s+\d+\s+\S+\s*$/;
const MASTER_HEADER = /^\s*[a-z]\w*\s+date\s+\w+\s+\w+\s*$/i;
/** Two words or more and no delimiter of CSV. */
const SPACED = /^ *[^ ,;\t|]+( +[^ ,;\t|]+)+ *$/;

const MASTER = ['customer_id', 'date', 'number_of_cds', 'dollar_value'];
const SAMPLE = ['master_id', 'sample_id', 'date', 'number_of_cds', 'dollar_value'];
const SAMPLE_COLUMNS = { id: 'master_id', date: 'date', amount: 'dollar_value' };

/**
 * Recognises the layout from the first line that is not blank. @throws order_log_layout_unknown,
 * order_log_column_missing, order_log_columns_invalid
 */
export function layoutOf(line: string, columns: ColumnMap | undefined): Layout {
  const isCdnow = MASTER_ROW.test(line) || SAMPLE_ROW.test(line);
  if (isCdnow || SPACED.test(line)) return spaced(line, columns);
  const delimiter = delimiterOf(line);
  const fields = splitCsv(line, delimiter);
  if (!Array.isArray(fields))
    throw errors.order_log_layout_unknown('The header has an open quote.');
  const header = fields.map((name) => name.trim());
  return placed({ name: 'csv', delimiter, header }, columns ?? guessColumns(header));
}

/**
 * The layout of a log whose beginning is `head`, as long as the first line at least: for readers of another kind.
 * Undefined when its first line is blank or not all there, or when it is no UTF-8 with LF or CRLF.
 * @throws as {@link layoutOf}; order_log_columns_invalid
 */
export function layoutIn(head: Uint8Array, columns?: ColumnMap | string): Layout | undefined {
  const text = new TextDecoder().decode(head, { stream: true });
  const [first = ''] = /^[^\r\n]*\r?\n/.exec(text) ?? [];
  if (first.trim() === '' || first.includes('\ufffd')) return undefined;
  return layoutOf(
    first.replace(/\r?\n$/, ''),
    typeof columns === 'string' ? parseColumns(columns) : columns,
  );
}

function spaced(line: string, columns: ColumnMap | undefined): Layout {
  const unnamed = (name: OrderLogLayout, header: readonly string[], map: ColumnMap): Layout => {
    const layout = placed({ name, delimiter: undefined, header }, columns ?? map, map);
    return { ...layout, columns, hasHeader: false };
  };
  const masterColumns = { ...SAMPLE_COLUMNS, id: 'customer_id' };
  if (MASTER_ROW.test(line)) return unnamed('cdnow_master', MASTER, masterColumns);
  if (SAMPLE_ROW.test(line)) return unnamed('cdnow_sample', SAMPLE, SAMPLE_COLUMNS);
  const header = line.trim().split(/\s+/);
  if (!MASTER_HEADER.test(line)) {
    return placed({ name: 'csv', delimiter: undefined, header }, columns ?? guessColumns(header));
  }
  const basis = { name: 'cdnow_master', delimiter: undefined, header } as const;
  const isNamed = header.some((name) => isWellKnown('amount', name));
  const usual =
    isNamed && isWellKnown('id', header[0] ?? '')
      ? guessColumns(header)
      : { id: '1', date: '2', amount: '4' };
  return { ...placed(basis, columns ?? usual), columns, hasHeader: true };
}

/**
 * Puts each role in its place: by name, or by position from 1. Columns that all go by position need no header: the
 * first line is a row when its date is one. `unnamed` says what a role is called in a log without names.
 */
function placed(
  basis: Pick<Layout, 'name' | 'delimiter' | 'header'>,
  columns: ColumnMap,
  unnamed?: ColumnMap,
): Layout {
  const { header } = basis;
  const byPosition: boolean[] = [];
  const find = (role: keyof ColumnMap, wanted: string): number => {
    const stand = unnamed?.[role];
    const isOther = stand !== undefined && !header.includes(wanted) && isWellKnown(role, wanted);
    const named = placeOf(header, role, isOther ? stand : wanted);
    const position = named ?? positionOf(header, wanted);
    if (position === undefined) throw missing(header, role, wanted, unnamed !== undefined);
    byPosition.push(named === undefined);
    return position;
  };
  const optional = (role: keyof ColumnMap): number | undefined => {
    const wanted = columns[role];
    return wanted === undefined ? undefined : find(role, wanted);
  };
  const [id, date] = [find('id', columns.id), find('date', columns.date)];
  const others = {
    amount: optional('amount'),
    transactionId: optional('transactionId'),
    currency: optional('currency'),
  };
  const isRow = !byPosition.includes(false) && instantOf(header[date] ?? '', 'UTC') !== undefined;
  return { ...basis, id, date, ...others, columns, hasHeader: !isRow };
}

/** @throws order_log_columns_invalid for a name that is there twice */
function placeOf(header: readonly string[], role: string, wanted: string): number | undefined {
  const names = header.map((name) => name.toLowerCase());
  const name = wanted.trim().toLowerCase();
  const index = names.indexOf(name);
  if (index === -1) return undefined;
  if (names.lastIndexOf(name) === index) return index;
  throw invalidColumns(
    `The header has "${wanted}" more than once; name it by its position: ${role}=${index + 1}.`,
  );
}

/**
 * The place of a column, by name or position from 1. @throws order_log_column_missing, order_log_columns_invalid
 */
export function columnAt(header: readonly string[], role: string, wanted: string): number {
  const place = placeOf(header, role, wanted) ?? positionOf(header, wanted);
  if (place === undefined) throw missing(header, role, wanted, false);
  return place;
}

function positionOf(header: readonly string[], wanted: string): number | undefined {
  const position = /^\d{1,4}$/.test(wanted) ? Number(wanted) : 0;
  return position >= 1 && position <= header.length ? position - 1 : undefined;
}

function missing(
  header: readonly string[],
  role: string,
  wanted: string,
  isUnnamed: boolean,
): Error {
  const names = shownNames(header);
  const message = isUnnamed
    ? `The log has no header and no column "${wanted}"; its columns are ${names}, or 1 to ${header.length}.`
    : `The header has no column "${wanted}"; it has: ${names}.`;
  return errors.order_log_column_missing(message, {
    fields: [
      {
        field: role.startsWith('attributes.') ? role : `columns.${role}`,
        expected: `one of ${names}`,
      },
    ],
  });
}
