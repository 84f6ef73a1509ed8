import { errors } from './errors.js';
import type { ColumnMap } from './order-row.js';

const WELL_KNOWN: Readonly<Record<keyof ColumnMap, readonly string[]>> = {
  id: [
    ...['customerid', 'customer', 'cust', 'custid', 'userid', 'clientid', 'masterid', 'id'],
    ...['custno', 'customerno', 'customernumber', 'memberid', 'accountid'],
  ],
  date: [
    ...['date', 'timestamp', 'orderdate', 'createdat', 'time', 'datetime', 'invoicedate', 'at'],
    ...['transactiondate', 'purchasedate', 'orderedat', 'day'],
  ],
  amount: [
    ...['amount', 'total', 'sales', 'revenue', 'value', 'price', 'dollars', 'dollarvalue', 'spend'],
  ],
  // Only the exact name: an order id repeats in logs with one row per item.
  transactionId: ['transactionid'],
  currency: ['currency', 'currencycode'],
};

const MAX_SHOWN = 500;

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Whether a name is one that people give to the column of a role. */
export function isWellKnown(role: keyof ColumnMap, name: string): boolean {
  return WELL_KNOWN[role].includes(plain(name));
}

/** The names of a header as they are told in messages. */
export function shownNames(header: readonly string[]): string {
  return header.join(', ').slice(0, MAX_SHOWN);
}

/** The columns of a header whose names are well known. @throws order_log_layout_unknown */
export function guessColumns(header: readonly string[]): ColumnMap {
  const names = header.map(plain);
  const pick = (role: keyof ColumnMap): string | undefined => {
    const known = WELL_KNOWN[role].find((name) => names.includes(name));
    if (known !== undefined) return header[names.indexOf(known)];
    return role === 'amount'
      ? header[names.findIndex((name) => name.startsWith('amount'))]
      : undefined;
  };
  const [id, date] = [pick('id'), pick('date')];
  if (id === undefined || date === undefined) {
    const missing = id === undefined ? 'customer id' : 'date';
    throw errors.order_log_layout_unknown(
      `No column for the ${missing} was recognised in: ${shownNames(header)}.`,
      {
        fields: [{ field: 'columns', expected: 'id=…,date=…,amount=… with names from the header' }],
      },
    );
  }
  const amount = pick('amount');
  const transactionId = pick('transactionId');
  const currency = pick('currency');
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
    const role = ROLES.find((known) => known.toLowerCase() === left.toLowerCase());
    if (!part.includes('=') || role === undefined || name === '' || map[role] !== undefined) {
      throw invalidColumns(`"${part.trim()}" is not one of ${ROLES.join('=…, ')}=… (each once).`);
    }
    map[role] = name;
  }
  if (map.id === undefined || map.date === undefined)
    throw invalidColumns('id=… and date=… are needed.');
  return { ...map, id: map.id, date: map.date };
}

/** Reads `attribute=column,…`. @throws order_log_columns_invalid */
export function parseAttributes(text: string): Readonly<Record<string, string>> {
  const found = new Map<string, string>();
  for (const part of text.split(',')) {
    const [, name = '', column = ''] = /^([^=]*)=(.*)$/.exec(part.trim()) ?? [];
    if (name.trim() === '' || column.trim() === '' || found.has(name.trim())) {
      throw errors.order_log_columns_invalid(
        `"${part.trim()}" is not attribute=column (each once).`,
        {
          fields: [{ field: 'attributes', expected: 'channel=…[,country=…]' }],
        },
      );
    }
    found.set(name.trim(), column.trim());
  }
  return Object.fromEntries(found);
}

/** The error of a map that cannot be used. */
export function invalidColumns(message: string): Error {
  return errors.order_log_columns_invalid(message, {
    fields: [
      { field: 'columns', expected: 'id=…,date=…[,amount=…][,transactionId=…][,currency=…]' },
    ],
  });
}
