import { isTimeZone, kernelErrors } from '@kiki/kernel';

import { parseColumns } from './column-names.js';
import { errors } from './errors.js';
import { layoutOf, type Layout } from './layout.js';
import { LineSplitter, type Line } from './lines.js';
import type {
  ColumnMap,
  OrderLogOptions,
  OrderLogReport,
  OrderRow,
  RowProblem,
} from './order-row.js';
import { RecordAssembler, type RawRecord } from './record-assembler.js';
import { problem, RowParser } from './row-parser.js';

/**
 * Reads one order log, in bounded memory: rows come out as chunks go in, and only the counters of equal rows grow.
 * With `badRows: 'refuse'` no row follows the first bad one; the log is read on to collect problems, then refused.
 */
export class OrderLogReader {
  private readonly splitter = new LineSplitter();
  private readonly columns: ColumnMap | undefined;
  private readonly maxProblems: number;
  private layout: Layout | undefined;
  private assembler: RecordAssembler | undefined;
  private parser: RowParser | undefined;
  private lines = 0;
  private rows = 0;
  private skipped = 0;
  private refunds = 0;
  private readonly problems: RowProblem[] = [];

  /** @throws order_log_columns_invalid, invalid_request for an unknown time zone */
  constructor(private readonly options: OrderLogOptions = {}) {
    const { columns, timeZone } = options;
    this.columns = typeof columns === 'string' ? parseColumns(columns) : columns;
    this.maxProblems = options.maxProblems ?? 100;
    if (timeZone !== undefined && !isTimeZone(timeZone)) {
      throw kernelErrors.invalid_request(`"${timeZone}" is not a time zone.`, {
        fields: [{ field: 'timeZone', expected: 'an IANA name such as Europe/Berlin' }],
      });
    }
  }

  /**
   * Rows of chunks of text or UTF-8 bytes, cut anywhere.
   * @throws the code of the first problem when bad rows are refused; order_log_empty; order_log_layout_unknown
   */
  async *read(
    chunks: AsyncIterable<string | Uint8Array>,
  ): AsyncGenerator<OrderRow, OrderLogReport> {
    for await (const chunk of chunks) yield* this.push(chunk);
    yield* this.finish();
    return this.report();
  }

  /** As {@link read}, for chunks that are already here. */
  *readSync(chunks: Iterable<string | Uint8Array>): Generator<OrderRow, OrderLogReport> {
    for (const chunk of chunks) yield* this.push(chunk);
    yield* this.finish();
    return this.report();
  }

  /** The counts so far; complete after the last row. */
  report(): OrderLogReport {
    const { lines, rows, skipped, refunds, problems } = this;
    const layout = this.layout?.name;
    return { layout, columns: this.layout?.columns, lines, rows, skipped, refunds, problems };
  }

  private *push(chunk: string | Uint8Array): Generator<OrderRow> {
    for (const line of this.splitter.push(chunk)) yield* this.take(line);
  }

  private *take(line: Line): Generator<OrderRow> {
    this.lines = line.number;
    if (this.assembler === undefined) {
      if (line.text.trim() === '' || this.begin(line.text)) return;
    }
    for (const record of this.assembler?.push(line) ?? []) yield* this.row(record);
  }

  /** Learns the layout from the first line; true when that line is a header. */
  private begin(text: string): boolean {
    const layout = layoutOf(text, this.columns);
    this.layout = layout;
    this.assembler = new RecordAssembler(layout.delimiter);
    this.parser = new RowParser(layout, this.options);
    return layout.hasHeader;
  }

  private *row(record: RawRecord): Generator<OrderRow> {
    const parsed = Array.isArray(record.fields)
      ? this.parser?.parse(record.line, record.fields)
      : { problem: problem(record.line, 'order_row_malformed', 'row', record.text, record.fields) };
    if (parsed?.row === undefined) return this.reject(parsed?.problem);
    if (this.skipped > 0 && this.options.badRows !== 'skip') return;
    this.rows += 1;
    if (parsed.row.isRefund) this.refunds += 1;
    yield parsed.row;
  }

  private reject(found: RowProblem | undefined): void {
    this.skipped += 1;
    if (found !== undefined && this.problems.length < this.maxProblems) this.problems.push(found);
  }

  private *finish(): Generator<OrderRow> {
    for (const line of this.splitter.end()) yield* this.take(line);
    for (const record of this.assembler?.end() ?? []) yield* this.row(record);
    const [first] = this.problems;
    if (first !== undefined && this.options.badRows !== 'skip') throw this.refusal(first);
    if (this.rows + this.skipped === 0) throw errors.order_log_empty();
  }

  private refusal(first: RowProblem): Error {
    const more = this.skipped > 1 ? ` (and ${this.skipped - 1} more bad rows)` : '';
    return errors[first.code](
      `Line ${first.line}, ${first.field}: "${first.value}" is not ${first.expected}${more}.`,
      {
        fields: this.problems.map(({ line, field, expected }) => ({
          field: `line ${line}, ${field}`,
          expected,
        })),
        problems: this.problems,
        badRows: this.skipped,
      },
    );
  }
}

/** Reads a whole log that is in memory. @throws as {@link OrderLogReader.read} */
export function readOrderLog(
  text: string | Uint8Array,
  options: OrderLogOptions = {},
): { readonly rows: OrderRow[]; readonly report: OrderLogReport } {
  const reader = new OrderLogReader(options);
  const rows = [...reader.readSync([text])];
  return { rows, report: reader.report() };
}
