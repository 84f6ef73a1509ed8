import { AUTH_SCHEMA, authMigrationsDir } from '@kiki/auth';
import type { Logger } from '@kiki/logging';
import {
  checkServer,
  connectExternal,
  inspectServer,
  migrate,
  openPostgres,
  parseDatabaseUrl,
  type ConnectionOptions,
  type PostgresServer,
} from '@kiki/postgres';
import type { HostSettings } from './settings.js';

/** The relational store of a process. */
export interface PostgresStore {
  readonly mode: PostgresServer['mode'];
  /** e.g. `18.4`. */
  readonly version: string;
  /** For statements of the services. */
  readonly connection: ConnectionOptions;
  /** Without a pooler in between: migrations, LISTEN, queues. */
  readonly direct: ConnectionOptions;
  close(): Promise<void>;
}

/**
 * Joins or starts the embedded server, or connects to the operator's; refuses one that could lose acknowledged commits.
 * @throws postgres_not_durable and its kin, unavailable
 */
export async function openPostgresStore(
  { shared }: HostSettings,
  name: string,
  logger: Logger,
): Promise<PostgresStore> {
  const { databaseUrl, databaseDirectUrl } = shared;
  const server =
    databaseUrl === undefined
      ? await openPostgres({ home: shared.home, name })
      : connectExternal(databaseUrl);
  try {
    const direct =
      databaseDirectUrl === undefined || databaseUrl === undefined
        ? server.connection
        : parseDatabaseUrl(databaseDirectUrl);
    const { version } = await checkServer(direct);
    const isSame = direct === server.connection;
    const connection = isSame ? direct : await forStatements(server.connection, direct, logger);
    await migrate({ connection: direct, schema: AUTH_SCHEMA, directory: authMigrationsDir });
    return { mode: server.mode, version, connection, direct, close: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Sessions carry a search path, which a transaction pooler would lose: then everything goes the direct way. */
async function forStatements(
  pooled: ConnectionOptions,
  direct: ConnectionOptions,
  logger: Logger,
): Promise<ConnectionOptions> {
  const { faults } = await inspectServer(pooled);
  if (faults.length === 0) return pooled;
  logger.warn('DATABASE_URL cannot hold sessions: DATABASE_DIRECT_URL is used for everything', {
    reasons: faults.map(({ code }) => code),
  });
  return direct;
}
