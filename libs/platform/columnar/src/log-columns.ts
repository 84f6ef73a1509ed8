import { askEngine } from './ask-engine.js';
import type { DuckConnection } from './duckdb.js';
import { errors } from './errors.js';
import { readerOf, type OrderSource, type TypedColumns } from './order-source.js';
import type { TypedColumn } from './value-sql.js';

/**
 * The names of a file's columns: of Parquet as they are, of a CSV those of its header.
 * @throws columnar_not_installed, columnar_source_unreadable
 */
export function columnNames(source: Pick<OrderSource, 'path' | 'csv'>): Promise<string[]> {
  return askEngine({}, async (connection) =>
    (await typedColumns(connection, source)).map(({ name }) => name),
  );
}

/** The columns that the source names, with their types. @throws columnar_column_missing */
export async function columnsOf(
  connection: DuckConnection,
  source: OrderSource,
): Promise<TypedColumns> {
  const { columns } = source;
  const known = await typedColumns(connection, source);
  const find = (role: string, wanted: string): TypedColumn => {
    const found = known.find(({ name }) => name.trim().toLowerCase() === wanted.toLowerCase());
    if (found !== undefined) return found;
    const expected = `one of ${known.map(({ name }) => name).join(', ')}`.slice(0, 500);
    throw errors.columnar_column_missing(`There is no column "${wanted}"; expected ${expected}.`, {
      fields: [{ field: `columns.${role}`, expected }],
    });
  };
  return {
    id: find('id', columns.id),
    date: find('date', columns.date),
    amount: columns.amount === undefined ? undefined : find('amount', columns.amount),
    currency: columns.currency === undefined ? undefined : find('currency', columns.currency),
  };
}

async function typedColumns(
  connection: DuckConnection,
  source: Pick<OrderSource, 'path' | 'csv'>,
): Promise<TypedColumn[]> {
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${readerOf(source)}`);
  return described.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
}
