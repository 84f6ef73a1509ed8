import { Clock, Random, SystemClock, SystemRandom } from '@kiki/kernel';
import pg, { type Pool, type PoolClient, type QueryResult } from 'pg';
import { backoffMs } from './backoff.js';
import { Database } from './database.js';
import type {
  OpenedRows,
  Queryable,
  Row,
  SqlValue,
  StatementOptions,
  TransactionOptions,
} from './database.js';
import { errors } from './errors.js';
import { isConnectionError, isSerializationFailure, mapError } from './pg-errors.js';
import { createPool } from './pool.js';
import type { PoolOptions } from './pool.js';
import { rethrow, runStatement, TransactionStatements } from './statement.js';

/** What a PostgresDatabase is made of. */
export interface PostgresDatabaseOptions extends PoolOptions {
  /** @default the machine's clock */
  readonly clock?: Clock;
  /** @default the machine's randomness */
  readonly random?: Random;
}

const ISOLATIONS = {
  'read committed': 'READ COMMITTED',
  'repeatable read': 'REPEATABLE READ',
  serializable: 'SERIALIZABLE',
} as const;

/** The relational store over a pool of `pg`; connections come back by themselves after a server restart. */
export class PostgresDatabase extends Database {
  override readonly schema: string;
  override readonly pool: Pool;
  override readonly poolOptions: PoolOptions;
  private readonly clock: Clock;
  private readonly random: Random;
  private closing: Promise<void> | undefined;

  constructor({ clock, random, ...poolOptions }: PostgresDatabaseOptions) {
    super();
    this.schema = poolOptions.schema;
    this.poolOptions = poolOptions;
    this.pool = createPool(poolOptions);
    this.clock = clock ?? new SystemClock();
    this.random = random ?? new SystemRandom();
  }

  override async query<R extends Row = Row>(
    sql: string,
    values?: readonly SqlValue[],
    options?: StatementOptions,
  ): Promise<R[]> {
    return this.withClient(
      async (client) => (await runStatement<R>(client, sql, values, options)).rows,
    );
  }

  override async execute(
    sql: string,
    values?: readonly SqlValue[],
    options?: StatementOptions,
  ): Promise<number> {
    return this.withClient(
      async (client) => (await runStatement(client, sql, values, options)).rowCount ?? 0,
    );
  }

  override async transaction<T>(
    work: (tx: Queryable, opened: OpenedRows) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    const attempts = options.attempts ?? 5;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(work, options);
      } catch (error) {
        if (!isSerializationFailure(error)) throw mapError(error);
        if (attempt >= attempts) {
          const message = `The transaction collided with others ${attempts} times.`;
          throw errors.serialization_failed(message, { retryAfterMs: 100 }, { cause: error });
        }
        await this.clock.sleep(backoffMs(attempt + 1, this.random));
      }
    }
  }

  override async atomic<R extends Row = Row>(
    sql: string,
    values?: readonly SqlValue[],
    options?: StatementOptions,
  ): Promise<R[]> {
    const client = await this.pool.connect().catch(rethrow);
    let isBroken = false;
    try {
      return await committed<R>(client, sql, values, options);
    } catch (error) {
      isBroken = isUnknownOutcome(error);
      throw mapError(error);
    } finally {
      client.release(isBroken);
    }
  }

  override async ping(): Promise<void> {
    await this.query('SELECT 1');
  }

  /** Waits for running statements and closes every connection; safe to call twice. */
  close(): Promise<void> {
    this.closing ??= this.pool.end();
    return this.closing;
  }

  private async withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch(rethrow);
    let broken = false;
    try {
      return await work(client);
    } catch (error) {
      broken = isConnectionError(error);
      throw mapError(error);
    } finally {
      client.release(broken);
    }
  }

  private async attempt<T>(
    work: (tx: Queryable, opened: OpenedRows) => Promise<T>,
    options: TransactionOptions,
  ): Promise<T> {
    const { client, opened } = await this.begin(options);
    let isUsable = false;
    try {
      const result = await work(new TransactionStatements(client), opened);
      await commit(client);
      isUsable = true;
      return result;
    } catch (error) {
      isUsable = !isUnknownOutcome(error) && (await rollback(client));
      throw error;
    } finally {
      client.release(!isUsable);
    }
  }

  /**
   * Nothing has been done before BEGIN is answered, so stale connections are replaced until the pool has no more
   * of them.
   */
  private async begin(
    options: TransactionOptions,
  ): Promise<{ client: PoolClient; opened: OpenedRows }> {
    const { opening = [] } = options;
    const sql = [...beginning(options), ...opening].join('; ');
    for (let stale = 0; ; stale++) {
      const client = await this.pool.connect().catch(rethrow);
      try {
        const results = await client.query(sql);
        return { client, opened: lastRows(results, opening.length) };
      } catch (error) {
        const isUsable = !isConnectionError(error) && (await rollback(client));
        client.release(!isUsable);
        if (stale >= this.pool.options.max || !isConnectionError(error)) throw error;
      }
    }
  }
}

/** BEGIN with the settings of the transaction. */
function beginning({ isolation, isReadOnly, settings = {} }: TransactionOptions): string[] {
  const level = ISOLATIONS[isolation ?? 'read committed'];
  const begin = `BEGIN ISOLATION LEVEL ${level} ${isReadOnly ? 'READ ONLY' : 'READ WRITE'}`;
  const local = Object.entries(settings).map(
    ([name, value]) => `SET LOCAL ${pg.escapeIdentifier(name)} = ${pg.escapeLiteral(value)}`,
  );
  return [begin, ...local];
}

/** The driver gives one result, or one for each statement of the message. */
function lastRows(results: QueryResult | readonly QueryResult[], count: number): OpenedRows {
  if (count === 0) return [];
  return [results]
    .flat()
    .slice(-count)
    .map(({ rows }) => rows as Row[]);
}

function isUnknownOutcome(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'commit_unknown';
}

/** @throws commit_unknown when the connection broke before the answer; transaction_aborted on a silent rollback */
async function commit(client: PoolClient): Promise<void> {
  let command: string;
  try {
    ({ command } = await client.query('COMMIT'));
  } catch (error) {
    if (!isConnectionError(error)) throw error;
    throw errors.commit_unknown(undefined, { retryAfterMs: 1000 }, { cause: error });
  }
  if (command !== 'COMMIT') throw errors.transaction_aborted();
}

/**
 * The rows of a statement that commits by itself.
 * @throws serialization_failed; commit_unknown when the connection broke before the answer
 */
async function committed<R extends Row>(
  ...[client, ...statement]: Parameters<typeof runStatement>
): Promise<R[]> {
  try {
    return (await runStatement<R>(client, ...statement)).rows;
  } catch (error) {
    if (isSerializationFailure(error)) {
      throw errors.serialization_failed(undefined, { retryAfterMs: 100 }, { cause: error });
    }
    if (!isConnectionError(error)) throw error;
    throw errors.commit_unknown(undefined, { retryAfterMs: 1000 }, { cause: error });
  }
}

/** True when the connection can be used again. */
async function rollback(client: PoolClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK');
    return true;
  } catch {
    return false;
  }
}
