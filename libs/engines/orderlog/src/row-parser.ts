import { MAX_ID_LENGTH, microsFromDecimal } from '@kiki/kernel';

import { expectedDate, instantOf } from './dates.js';
import { parseAttributes } from './column-names.js';
import { DerivedIds } from './derived-ids.js';
import { columnAt, type Layout } from './layout.js';
import type { OrderLogOptions, OrderRow, RowProblem, RowProblemCode } from './order-row.js';

const ID_EXPECTED = `1 to ${MAX_ID_LENGTH} characters of valid UTF-8 without control characters`;
const AMOUNT_EXPECTED =
  'a decimal number such as 1234.5 (no thousands or currency signs), at most six decimals, below 9007199254.740992';
const ORDER_EXPECTED =
  'rows sorted by time, or with ids of their own, in a log of more than a million rows';
const MAX_MICROS = BigInt(Number.MAX_SAFE_INTEGER);
/** Dates that are remembered. */
const MAX_INSTANTS = 4096;
const UNUSABLE = /[\u0000-\u001f\u007f\ufffd]/;

/** A row or what is wrong with it. */
export type ParsedRow =
  | { readonly row: OrderRow; readonly problem?: undefined }
  | { readonly problem: RowProblem; readonly row?: undefined };

/** Turns the fields of one record into a row, checking each. */
export class RowParser {
  private readonly ids = new DerivedIds();
  private readonly instants = new Map<string, number>();
  private readonly timeZone: string;
  /** Attributes and their places. */
  private readonly attributes: readonly (readonly [name: string, place: number])[];

  /** @throws order_log_column_missing, order_log_columns_invalid for an attribute's column */
  constructor(
    private readonly layout: Layout,
    private readonly options: OrderLogOptions,
  ) {
    this.timeZone = options.timeZone ?? 'UTC';
    const { attributes = {} } = options;
    const columns = typeof attributes === 'string' ? parseAttributes(attributes) : attributes;
    this.attributes = Object.entries(columns).map(([name, column]) => [
      name,
      columnAt(layout.header, `attributes.${name}`, column),
    ]);
  }

  parse(line: number, fields: readonly string[]): ParsedRow {
    const { layout } = this;
    if (!isComplete(fields, layout.header.length)) {
      const expected = `${layout.header.length} fields`;
      return bad(line, 'order_row_malformed', 'row', `${fields.length} fields`, expected);
    }
    const customerId = at(fields, layout.id);
    if (!isUsableId(customerId))
      return bad(line, 'customer_id_invalid', 'id', customerId, ID_EXPECTED);
    const date = at(fields, layout.date);
    const atMs = this.instant(date);
    if (atMs === undefined) return bad(line, 'date_invalid', 'date', date, expectedDate(date));
    const amount = this.amount(line, fields);
    if (isProblem(amount)) return { problem: amount };
    const currency = this.currency(line, fields);
    if (isProblem(currency)) return { problem: currency };
    const row = { line, customerId, atMs, amountMicros: amount, currency };
    if (this.attributes.length === 0) return this.identified(row, fields);
    return this.identified({ ...row, attributes: this.attributesOf(fields) }, fields);
  }

  private attributesOf(fields: readonly string[]): Readonly<Record<string, string>> {
    const all = this.attributes.map(([name, place]) => [name, at(fields, place)] as const);
    return Object.fromEntries(all.filter(([, value]) => value !== ''));
  }

  /** Logs repeat few dates often. */
  private instant(date: string): number | undefined {
    let atMs = this.instants.get(date);
    if (atMs === undefined) {
      atMs = instantOf(date, this.timeZone);
      if (this.instants.size >= MAX_INSTANTS) this.instants.clear();
      if (atMs !== undefined) this.instants.set(date, atMs);
    }
    return atMs;
  }

  private identified(
    row: Omit<OrderRow, 'transactionId' | 'isRefund'>,
    fields: readonly string[],
  ): ParsedRow {
    const { customerId, atMs, amountMicros } = row;
    const isRefund = amountMicros !== null && amountMicros < 0n;
    if (this.layout.transactionId === undefined) {
      if (this.options.derivesIds === false)
        return { row: { ...row, transactionId: '', isRefund } };
      const transactionId = this.ids.next(customerId, atMs, amountMicros);
      if (transactionId !== undefined) return { row: { ...row, transactionId, isRefund } };
      const date = at(fields, this.layout.date);
      return bad(row.line, 'transaction_id_missing', 'date', date, ORDER_EXPECTED);
    }
    const transactionId = at(fields, this.layout.transactionId);
    if (isUsableId(transactionId)) return { row: { ...row, transactionId, isRefund } };
    return bad(row.line, 'transaction_id_invalid', 'transactionId', transactionId, ID_EXPECTED);
  }

  private amount(line: number, fields: readonly string[]): bigint | null | RowProblem {
    if (this.layout.amount === undefined) return null;
    const text = at(fields, this.layout.amount);
    const micros = exactMicros(text);
    if (micros === undefined)
      return problem(line, 'amount_invalid', 'amount', text, AMOUNT_EXPECTED);
    if (micros >= 0n || this.options.refundsDeclared === true) return micros;
    return problem(line, 'amount_negative', 'amount', text, 'an amount ≥ 0, or declared refunds');
  }

  private currency(line: number, fields: readonly string[]): string | null | RowProblem {
    const declared = this.options.currency;
    if (this.layout.currency === undefined) return declared ?? null;
    const text = at(fields, this.layout.currency);
    if (/^[A-Z]{3}$/.test(text) && (declared === undefined || text === declared)) return text;
    const expected = declared ?? 'three capital letters (ISO 4217)';
    return problem(line, 'order_currency_invalid', 'currency', text, expected);
  }
}

/** Delimiters too many at the end of a row are what some programs write. */
function isComplete(fields: readonly string[], width: number): boolean {
  return fields.length >= width && fields.every((field, i) => i < width || field === '');
}

function at(fields: readonly string[], index: number): string {
  return (fields[index] ?? '').trim();
}

function isUsableId(text: string): boolean {
  return text !== '' && text.length <= MAX_ID_LENGTH && !UNUSABLE.test(text);
}

const AMOUNT = /^([+-]?\d{1,16}(?:\.\d{0,6})?)(\d*)$/;
/** What a double leaves behind the sixth decimal of an amount that has fewer: 22.200000000000003. */
const NOISE = /^(000|999)/;

function exactMicros(text: string): bigint | undefined {
  const [, upToMicros = '', rest = ''] = AMOUNT.exec(text) ?? [];
  if (upToMicros === '' || (/[1-9]/.test(rest) && !NOISE.test(rest))) return undefined;
  const cut = microsFromDecimal(upToMicros);
  const up = rest.startsWith('9') ? 1n : 0n;
  const micros = text.startsWith('-') ? cut - up : cut + up;
  return micros > MAX_MICROS || micros < -MAX_MICROS ? undefined : micros;
}

function isProblem(value: bigint | string | null | RowProblem): value is RowProblem {
  return typeof value === 'object' && value !== null;
}

/** A problem, its value cut to 80 characters. */
export function problem(
  line: number,
  code: RowProblemCode,
  field: string,
  value: string,
  expected: string,
): RowProblem {
  return { line, code, field, value: value.slice(0, 80), expected };
}

function bad(...parts: Parameters<typeof problem>): ParsedRow {
  return { problem: problem(...parts) };
}
