import type { Pool } from 'pg';
import type { PoolOptions } from './pool.js';

/**
 * A row: int8 (also `count(*)`) as bigint, numeric as string, date as `YYYY-MM-DD`, timestamptz as Date,
 * json as a value.
 */
export type Row = Record<string, unknown>;

/** Values a statement may be given; bigint is sent exactly. */
export type SqlValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | null
  | Uint8Array
  | readonly (string | number | bigint | boolean | Date | null | Uint8Array)[]
  | object;

/** How one statement runs. */
export interface StatementOptions {
  /** Prepares the statement once per connection under this name: only for hot statements of constant text. */
  readonly name?: string;
}

/**
 * Something statements can be run on: the pool or one transaction. Statements of a transaction run in the order of
 * their calls; those that are not waited for one by one share a round trip.
 */
export interface Queryable {
  /** Runs one statement with `$1…` parameters and returns its rows. */
  query<R extends Row = Row>(
    sql: string,
    values?: readonly SqlValue[],
    options?: StatementOptions,
  ): Promise<R[]>;
  /** Runs one statement and returns the number of rows it touched. */
  execute(sql: string, values?: readonly SqlValue[], options?: StatementOptions): Promise<number>;
}

/** How a transaction runs. */
export interface TransactionOptions {
  /** @default 'read committed' */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly isReadOnly?: boolean;
  /** Settings of PostgreSQL for this transaction only, e.g. `{ lock_timeout: '2s' }`; they cost no round trip. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Statements without parameters that go with BEGIN in one message; each has its own snapshot. They may be sent
   * again on another connection, so they lock and read, and change nothing. The work gets their rows.
   */
  readonly opening?: readonly string[];
  /** Attempts on serialization failures and deadlocks (40001, 40P01), with jittered backoff. @default 5 */
  readonly attempts?: number;
}

/** The rows of each statement that went with BEGIN. */
export type OpenedRows = readonly (readonly Row[])[];

/**
 * The relational store of one service: its own schema is first on the search path.
 * Commits are durable (fsync and synchronous_commit are checked at start).
 */
export abstract class Database implements Queryable {
  /** The service's own schema, e.g. `syncshield`. */
  abstract readonly schema: string;
  /** The raw pool, for libraries that need one (COPY, LISTEN, BullMQ). */
  abstract readonly pool: Pool;
  /** What another thread of the process opens the same store with; structured-cloneable. */
  abstract readonly poolOptions: PoolOptions;
  abstract query<R extends Row = Row>(
    sql: string,
    values?: readonly SqlValue[],
    options?: StatementOptions,
  ): Promise<R[]>;
  abstract execute(
    sql: string,
    values?: readonly SqlValue[],
    options?: StatementOptions,
  ): Promise<number>;
  /**
   * Runs `work` in one transaction and commits; rolls back when it throws.
   * The work may run again after a serialization failure, so it must have no effect outside the transaction.
   * @throws unavailable when the store cannot be reached; commit_unknown when the reply to COMMIT was lost
   */
  abstract transaction<T>(
    work: (tx: Queryable, opened: OpenedRows) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;
  /**
   * Runs one statement that is a transaction by itself: it is sent, done and committed in one round trip, and no lock
   * of it waits for this process.
   * @throws unavailable when it was not sent; commit_unknown when the connection broke before the answer;
   * serialization_failed when it may be run again
   */
  abstract atomic<R extends Row = Row>(
    sql: string,
    values?: readonly SqlValue[],
    options?: StatementOptions,
  ): Promise<R[]>;
  /** Takes part in readiness: resolves when a trivial statement is answered. @throws unavailable */
  abstract ping(): Promise<void>;
}
