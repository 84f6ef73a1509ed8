import { EmbeddedPostgres } from './embedded/embedded-postgres.js';
import type { EmbeddedOptions } from './embedded/embedded-postgres.js';
import { errors } from './errors.js';
import type { ConnectionOptions } from './pool.js';

/** A server that can be connected to, embedded or not. */
export interface PostgresServer {
  readonly mode: 'embedded' | 'external';
  readonly connection: ConnectionOptions;
  /** This process no longer needs the server; an embedded one stops a moment after its last user left. */
  release(): Promise<void>;
  /** As `release`, but an embedded server without other users is stopped at once, and waited for. */
  stop(): Promise<void>;
}

/**
 * Joins, adopts or starts the embedded server of a home.
 * @throws postgres_in_use, postgres_start_failed, postgres_not_installed, postgres_home_unusable
 */
export async function openPostgres(options: EmbeddedOptions): Promise<PostgresServer> {
  const server = await EmbeddedPostgres.open(options);
  return {
    mode: 'embedded',
    connection: server.connection,
    release: () => server.release(),
    stop: () => server.stop(),
  };
}

/** A server of the operator's own; nothing is connected yet. @throws database_url_invalid */
export function connectExternal(databaseUrl: string): PostgresServer {
  return {
    mode: 'external',
    connection: parseDatabaseUrl(databaseUrl),
    release: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

/**
 * Reads `postgresql://user:password@host:5432/database?sslmode=require`; a unix socket's directory goes into `?host=`.
 * @throws database_url_invalid
 */
export function parseDatabaseUrl(text: string): ConnectionOptions {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid('a URL');
  }
  if (!/^postgres(ql)?:$/.test(url.protocol)) throw invalid('postgresql:// at its start');
  const database = decodeURIComponent(url.pathname.slice(1));
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname);
  if (database === '') throw invalid('the name of a database as its path');
  if (host === '') throw invalid('a host');
  if (url.username === '') throw invalid('a user');
  return {
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || '5432'),
    user: decodeURIComponent(url.username),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    database,
    ...sslOf(url.searchParams),
  };
}

function sslOf(parameters: URLSearchParams): Pick<ConnectionOptions, 'ssl'> {
  const mode = parameters.get('sslmode');
  if (mode === null || mode === 'disable' || mode === 'prefer' || mode === 'allow') return {};
  if (mode === 'require') return { ssl: { rejectUnauthorized: false } };
  if (mode === 'verify-ca' || mode === 'verify-full') return { ssl: { rejectUnauthorized: true } };
  throw invalid('sslmode disable, require, verify-ca or verify-full');
}

function invalid(expected: string): Error {
  return errors.database_url_invalid(`DATABASE_URL needs ${expected}.`, {
    fields: [{ field: 'DATABASE_URL', expected }],
  });
}
