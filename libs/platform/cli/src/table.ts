import Table from 'cli-table3';

/** One column of a table. */
export interface TableColumn {
  readonly title: string;
  /** @default 'left' */
  readonly align?: 'left' | 'right';
}

/** What a cell may hold; numbers are grouped by thousands, null and undefined are a dash. */
export type TableCell = string | number | bigint | boolean | Date | null | undefined;

/** A table without colours, as text: the same in a terminal, a log and a file. */
export function renderTable(
  columns: readonly (TableColumn | string)[],
  rows: readonly (readonly TableCell[])[],
): string {
  const defined = columns.map((column) =>
    typeof column === 'string' ? { title: column } : column,
  );
  const table = new Table({
    head: defined.map(({ title }) => title),
    colAligns: defined.map(({ align }) => align ?? 'left'),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push(row.map(cellText));
  return table.toString();
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 4 });

/** A cell as it is printed. */
export function cellText(cell: TableCell): string {
  if (cell === null || cell === undefined) return '-';
  if (typeof cell === 'number' || typeof cell === 'bigint') return grouped.format(cell);
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  return cell instanceof Date ? cell.toISOString() : cell;
}
