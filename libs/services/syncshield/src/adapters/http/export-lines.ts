import { microsToWire } from '@kiki/kernel';
import type { ExportRow } from '../../application/money-out/statements.js';

/** How rows are written down. */
export type ExportFormat = 'ndjson' | 'csv';

/** Media types of the formats. */
export const MEDIA_TYPES: Readonly<Record<ExportFormat, string>> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
};

/** Pages of rows as pieces of text; nothing is read before it is asked for. */
export async function* exportLines(
  pages: AsyncIterable<readonly ExportRow[]>,
  format: ExportFormat,
  count: () => void,
): AsyncGenerator<string> {
  let isFirst = true;
  for await (const rows of pages) {
    const [first] = rows;
    const header =
      isFirst && format === 'csv' && first !== undefined ? csvLine(Object.keys(first)) : '';
    isFirst = false;
    for (let i = 0; i < rows.length; i++) count();
    yield header + rows.map(format === 'csv' ? csvRow : ndjsonRow).join('');
  }
}

function ndjsonRow(row: ExportRow): string {
  const wire = (_name: string, value: unknown): unknown =>
    typeof value === 'bigint' ? microsToWire(value) : value;
  return `${JSON.stringify(row, wire)}\n`;
}

function csvRow(row: ExportRow): string {
  return csvLine(
    Object.values(row).map((value) =>
      typeof value === 'string' ? inert(value) : value === null ? '' : value.toString(),
    ),
  );
}

/** RFC 4180. */
function csvLine(cells: readonly string[]): string {
  const quoted = cells.map((cell) =>
    /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
  );
  return `${quoted.join(',')}\r\n`;
}

/** A text that a spreadsheet would run as a formula is made one that it shows. */
function inert(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
