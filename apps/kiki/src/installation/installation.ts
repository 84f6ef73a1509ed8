import { Auth, AUTH_SCHEMA, authMigrationsDir } from '@kiki/auth';
import {
  loadConfig,
  profileOf,
  rootSecret,
  sharedConfig,
  type Environment,
  type Profile,
  type SharedConfig,
} from '@kiki/config';
import { SystemClock, SystemRandom } from '@kiki/kernel';
import { PinoLogger } from '@kiki/logging';
import {
  connectExternal,
  migrate,
  openPostgres,
  parseDatabaseUrl,
  PostgresDatabase,
  type ConnectionOptions,
  type PostgresServer,
} from '@kiki/postgres';

/** What a command works on: the same stores that the services use, whether they run or not. */
export interface Installation {
  readonly shared: SharedConfig;
  readonly profile: Profile;
  /** e.g. `PostgreSQL, embedded`. */
  readonly stores: string;
  readonly auth: Auth;
  /** Without a pooler in between. */
  readonly connection: ConnectionOptions;
  close(): Promise<void>;
}

/** The shared settings. @throws config_invalid */
export function sharedSettings(environment: Environment): SharedConfig {
  return loadConfig([sharedConfig], environment)[0];
}

/** Joins, starts or connects to the relational store of the settings. */
export async function openServer(
  shared: SharedConfig,
): Promise<{ readonly server: PostgresServer; readonly connection: ConnectionOptions }> {
  const { databaseUrl, databaseDirectUrl, home } = shared;
  const server =
    databaseUrl === undefined
      ? await openPostgres({ home, name: 'kiki command' })
      : connectExternal(databaseUrl);
  const isDirect = databaseUrl === undefined || databaseDirectUrl === undefined;
  return { server, connection: isDirect ? server.connection : parseDatabaseUrl(databaseDirectUrl) };
}

/** Opens the installation for one command. @throws config_invalid, unavailable, postgres_start_failed */
export async function openInstallation(environment: Environment): Promise<Installation> {
  const shared = sharedSettings(environment);
  const { server, connection } = await openServer(shared);
  try {
    await migrate({ connection, schema: AUTH_SCHEMA, directory: authMigrationsDir });
    const database = new PostgresDatabase({ connection, schema: AUTH_SCHEMA, max: 3 });
    const auth = new Auth({
      database,
      clock: new SystemClock(),
      random: new SystemRandom(),
      logger: PinoLogger.create({ level: shared.logLevel, fields: { service: 'kiki' } }),
      rootSecret: rootSecret(shared),
      env: shared.environment,
    });
    const close = async (): Promise<void> => {
      await auth.close();
      await database.close();
      await server.stop();
    };
    const stores = `PostgreSQL, ${server.mode}${shared.redisUrl === undefined ? '' : '; Redis'}`;
    return { shared, profile: profileOf(shared), stores, auth, connection, close };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Runs `work` on the installation and closes it, whatever happens. */
export async function withInstallation<T>(
  environment: Environment,
  work: (installation: Installation) => Promise<T>,
): Promise<T> {
  const installation = await openInstallation(environment);
  try {
    return await work(installation);
  } finally {
    await installation.close();
  }
}
