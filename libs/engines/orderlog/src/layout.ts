import { delimiterOf, splitCsv } from './csv-record.js';
import { errors } from './errors.js';
import type { ColumnMap, OrderLogLayout } from './order-row.js';

/** Where a row's fields are. */
export interface Layout {
  readonly name: OrderLogLayout;
  /** Undefined for fields separated by runs of spaces. */
  readonly delimiter: string | undefined;
  /** How many fields a row must have. */
  readonly width: number;
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
const MASTER_HEADER = /^\s*[A-Za-z]\w*\s+date\s+\w+\s+\w+\s*$/i;

const WELL_KNOWN: Readonly<Record<keyof ColumnMap, readonly string[]>> = {
  id: ['customerid', 'customer', 'cust', 'custid', 'userid', 'clientid', 'masterid', 'id'],
  date: ['date', 'timestamp', 'orderdate', 'createdat', 'time', 'datetime', 'invoicedate', 'at'],
  amount: [
    'amount',
    'total',
    'sales',
    'revenue',
    'value',
    'price',
    'dollars',
    'dollarvalue',
    'spend',
  ],
  // Only the exact name: an order id repeats in logs with one row per item.
  transactionId: ['transactionid'],
  currency: ['currency', 'currencycode'],
};

/**
 * Recognises the layout from the first line that is not blank. @throws order_log_layout_unknown,
 * order_log_column_missing
 */
export function layoutOf(line: string, columns: ColumnMap | undefined): Layout {
  if (columns === undefined) {
    if (MASTER_ROW.test(line)) return spaced('cdnow_master', false);
    if (MASTER_HEADER.test(line) && !line.includes(',')) return spaced('cdnow_master', true);
    if (SAMPLE_ROW.test(line)) return spaced('cdnow_sample', false);
  } else if (MASTER_HEADER.test(line) && !/[,;\t|]/.test(line)) {
    const named = csv(line.trim().split(/\s+/), ',', columns);
    return { ...named, name: 'cdnow_master', delimiter: undefined };
  }
  const delimiter = delimiterOf(line);
  const fields = splitCsv(line, delimiter);
  if (!Array.isArray(fields))
    throw errors.order_log_layout_unknown('The header has an open quote.');
  const header = fields.map((name) => name.trim());
  return csv(header, delimiter, columns ?? guess(header));
}

function spaced(name: 'cdnow_master' | 'cdnow_sample', hasHeader: boolean): Layout {
  const shift = name === 'cdnow_sample' ? 1 : 0;
  return {
    name,
    delimiter: undefined,
    width: 4 + shift,
    id: 0,
    date: 1 + shift,
    amount: 3 + shift,
    transactionId: undefined,
    currency: undefined,
    columns: undefined,
    hasHeader,
  };
}

function csv(header: readonly string[], delimiter: string, columns: ColumnMap): Layout {
  const lower = header.map((name) => name.toLowerCase());
  const find = (role: string, name: string): number => {
    const index = lower.indexOf(name.trim().toLowerCase());
    if (index !== -1) return index;
    throw errors.order_log_column_missing(
      `The header has no column "${name}"; it has: ${header.join(', ').slice(0, 500)}.`,
      {
        fields: [
          { field: `columns.${role}`, expected: `one of ${header.join(', ').slice(0, 500)}` },
        ],
      },
    );
  };
  const optional = (role: keyof ColumnMap): number | undefined =>
    columns[role] === undefined ? undefined : find(role, columns[role]);
  return {
    name: 'csv',
    delimiter,
    width: header.length,
    id: find('id', columns.id),
    date: find('date', columns.date),
    amount: optional('amount'),
    transactionId: optional('transactionId'),
    currency: optional('currency'),
    columns,
    hasHeader: true,
  };
}

function guess(header: readonly string[]): ColumnMap {
  const plain = header.map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, ''));
  const pick = (role: keyof ColumnMap): string | undefined => {
    const known = WELL_KNOWN[role].find((name) => plain.includes(name));
    if (known !== undefined) return header[plain.indexOf(known)];
    return role === 'amount'
      ? header[plain.findIndex((name) => name.startsWith('amount'))]
      : undefined;
  };
  const [id, date] = [pick('id'), pick('date')];
  if (id === undefined || date === undefined) {
    const missing = id === undefined ? 'customer id' : 'date';
    throw errors.order_log_layout_unknown(
      `No column for the ${missing} was recognised in: ${header.join(', ').slice(0, 500)}.`,
      {
        fields: [{ field: 'columns', expected: 'id=…,date=…,amount=… with names from the header' }],
      },
    );
  }
  const [amount, transactionId, currency] = [
    pick('amount'),
    pick('transactionId'),
    pick('currency'),
  ];
  return {
    id,
    date,
    ...(amount !== undefined && { amount }),
    ...(transactionId !== undefined && transactionId !== id && { transactionId }),
    ...(currency !== undefined && { currency }),
  };
}

const ROLES = ['id', 'date', 'amount', 'transactionId', 'currency'] as const;

/** Reads `id=…,date=…,amount=…`. @throws order_log_columns_invalid */
export function parseColumns(text: string): ColumnMap {
  const map: Partial<Record<(typeof ROLES)[number], string>> = {};
  for (const part of text.split(',')) {
    const [left, name] = [
      part.slice(0, part.indexOf('=')).trim(),
      part.slice(part.indexOf('=') + 1).trim(),
    ];
    const role = ROLES.find((known) => known === left);
    if (!part.includes('=') || role === undefined || name === '' || map[role] !== undefined) {
      throw invalidColumns(`"${part.trim()}" is not one of ${ROLES.join('=…, ')}=… (each once).`);
    }
    map[role] = name;
  }
  if (map.id === undefined || map.date === undefined)
    throw invalidColumns('id=… and date=… are needed.');
  return { ...map, id: map.id, date: map.date };
}

function invalidColumns(message: string): Error {
  return errors.order_log_columns_invalid(message, {
    fields: [
      { field: 'columns', expected: 'id=…,date=…[,amount=…][,transactionId=…][,currency=…]' },
    ],
  });
}
