import type { ClientBase, QueryResult } from 'pg';
import type { Queryable, Row, SqlValue, StatementOptions } from './database.js';
import { mapError } from './pg-errors.js';

/** Runs one statement as the driver gives it; errors are the driver's own. */
export function runStatement<R extends Row>(
  client: ClientBase,
  sql: string,
  values: readonly SqlValue[] | undefined,
  options: StatementOptions | undefined,
): Promise<QueryResult<R>> {
  return client.query<R>({
    text: sql,
    ...(values === undefined ? {} : { values: [...values] }),
    ...(options?.name === undefined ? {} : { name: options.name }),
  });
}

/** The statements of one transaction. */
export class TransactionStatements implements Queryable {
  constructor(private readonly client: ClientBase) {}

  async query<R extends Row = Row>(
    sql: string,
    values?: readonly SqlValue[],
    options?: StatementOptions,
  ): Promise<R[]> {
    return (await runStatement<R>(this.client, sql, values, options)).rows;
  }

  async execute(
    sql: string,
    values?: readonly SqlValue[],
    options?: StatementOptions,
  ): Promise<number> {
    return (await runStatement(this.client, sql, values, options)).rowCount ?? 0;
  }
}

/** Rethrows a driver error as the catalogue's where it has one. */
export function rethrow(error: unknown): never {
  throw mapError(error);
}
