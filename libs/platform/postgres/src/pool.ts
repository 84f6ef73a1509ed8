import pg from 'pg';
import { schemaName } from './schema-name.js';
import { typeParsers } from './type-parsers.js';

/** How to reach one database; passes as it is to `pg`. */
export interface ConnectionOptions {
  /** Host name, address, or the directory of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
  readonly ssl?: pg.ClientConfig['ssl'];
}

/** What a pool is made of. */
export interface PoolOptions {
  readonly connection: ConnectionOptions;
  /** First and only schema on the search path. */
  readonly schema: string;
  /** Most connections held at once. @default 8 */
  readonly max?: number;
  /** A statement running longer is cancelled; 0 = never. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** A transaction left idle longer loses its session; 0 = never. @default 60000 */
  readonly idleInTransactionTimeoutMs?: number;
  /** Longest wait for a free or new connection. @default 10000 */
  readonly connectTimeoutMs?: number;
  /** An unused connection is closed after this time. @default 30000 */
  readonly idleTimeoutMs?: number;
  /** Settings of PostgreSQL for every session, e.g. `{ plan_cache_mode: 'force_generic_plan' }`. @default none */
  readonly settings?: Readonly<Record<string, string>>;
  /** Shown in pg_stat_activity. @default 'kiki-<schema>' */
  readonly applicationName?: string;
}

/** After the server's own timeout it has this long to say so, before the client gives the connection up. */
const CLIENT_GRACE_MS = 15_000;

/** The `pg` settings of one session of a schema. */
export function sessionConfig(options: PoolOptions): pg.ClientConfig {
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000;
  return {
    ...options.connection,
    types: typeParsers,
    options: sessionOptions(options),
    application_name: options.applicationName ?? `kiki-${options.schema}`,
    statement_timeout: statementTimeoutMs || false,
    query_timeout: statementTimeoutMs ? statementTimeoutMs + CLIENT_GRACE_MS : undefined,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 60_000,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    keepAlive: true,
    // Statements of a transaction that are not waited for one by one go to the server together.
    pipeline: true,
  };
}

function sessionOptions({ schema, settings = {} }: PoolOptions): string {
  const all = { search_path: schemaName(schema), timezone: 'UTC', ...settings };
  return Object.entries(all)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\\s]/g, '\\$&')}`)
    .join(' ');
}

/** A pool whose type parsers, search path and timeouts are its own; nothing global is touched. */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...sessionConfig(options),
    max: options.max ?? 8,
    idleTimeoutMillis: options.idleTimeoutMs ?? 30_000,
  });
  // A connection that breaks while idle is dropped by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  // The pool listens to idle connections only: one that breaks between two statements of a transaction would end
  // it too.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
