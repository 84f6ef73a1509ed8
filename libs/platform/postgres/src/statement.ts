import type { ClientBase, PoolClient, QueryResult } from 'pg';
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

/** The server refuses what comes after a statement that failed. */
const TRANSACTION_ABORTED = '25P02';

/**
 * The statements of one transaction; they may be sent without waiting for each other. Whichever is waited for, the
 * error is that of the first that failed.
 */
export class TransactionStatements implements Queryable {
  private firstError: unknown;
  private isHeldBack = false;

  constructor(private readonly client: PoolClient) {}

  async query<R extends Row = Row>(
    sql: string,
    values?: readonly SqlValue[],
    options?: StatementOptions,
  ): Promise<R[]> {
    return (await this.run<R>(sql, values, options)).rows;
  }

  async execute(
    sql: string,
    values?: readonly SqlValue[],
    options?: StatementOptions,
  ): Promise<number> {
    return (await this.run(sql, values, options)).rowCount ?? 0;
  }

  private run<R extends Row>(
    ...[sql, values, options]: Parameters<Queryable['query']>
  ): Promise<QueryResult<R>> {
    this.holdBack();
    return runStatement<R>(this.client, sql, values, options).catch((error: unknown) => {
      this.firstError ??= error;
      throw (error as { code?: unknown }).code === TRANSACTION_ABORTED ? this.firstError : error;
    });
  }

  /** Statements of one turn leave in one write: each write of its own would wake the server. */
  private holdBack(): void {
    if (this.isHeldBack) return;
    this.isHeldBack = true;
    const { stream } = this.client.connection;
    stream.cork();
    process.nextTick(() => {
      this.isHeldBack = false;
      stream.uncork();
    });
  }
}

/** Rethrows a driver error as the catalogue's where it has one. */
export function rethrow(error: unknown): never {
  throw mapError(error);
}
