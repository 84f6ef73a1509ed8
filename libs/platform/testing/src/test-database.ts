import { randomBytes } from 'node:crypto';
import { migrate, PostgresDatabase } from '@kiki/postgres';
import type { ConnectionOptions, PostgresDatabaseOptions } from '@kiki/postgres';
import { administer, testDatabaseName, testServer } from './test-server.js';

/** What a suite's database is made of. */
export interface TestDatabaseOptions {
  /** Applied to `schema`; without it the schema is created empty. */
  readonly migrationsDir?: URL;
  readonly schema: string;
  /** Server to create the database on. @default the embedded server that all suites share */
  readonly connection?: ConnectionOptions;
  /** Passed to the PostgresDatabase: pool size, timeouts, clock. */
  readonly database?: Partial<PostgresDatabaseOptions>;
}

/** A suite's own database. */
export interface TestDatabase {
  readonly database: PostgresDatabase;
  /** How another pool, process or service reaches the same database. */
  readonly connection: ConnectionOptions;
  /** The same as a URL, for DATABASE_URL. */
  readonly url: string;
  /** Closes the pool and drops the database; call it in `afterAll`. */
  drop(): Promise<void>;
}

/** Creates a fresh database for one suite, migrated. */
export async function createTestDatabase(options: TestDatabaseOptions): Promise<TestDatabase> {
  const admin = options.connection ?? (await testServer()).connection;
  const name = testDatabaseName(Date.now(), randomBytes(5).toString('hex'));
  await administer(admin, `CREATE DATABASE ${name}`);
  const connection: ConnectionOptions = { ...admin, database: name };
  if (options.migrationsDir === undefined) {
    await administer(connection, `CREATE SCHEMA ${options.schema}`);
  } else {
    await migrate({ connection, schema: options.schema, directory: options.migrationsDir });
  }
  const database = new PostgresDatabase({
    connection,
    schema: options.schema,
    ...options.database,
  });
  return {
    database,
    connection,
    url: databaseUrl(connection),
    drop: async () => {
      await database.close();
      await administer(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** A connection as `postgresql://…`; a socket's directory goes into `?host=`. */
export function databaseUrl(connection: ConnectionOptions): string {
  const { host, port, user, password, database } = connection;
  const account = [user, ...(password === undefined ? [] : [password])].map(encodeURIComponent);
  const isSocket = host.startsWith('/');
  const place = isSocket ? `localhost:${port}` : `${host}:${port}`;
  const query = isSocket ? `?host=${encodeURIComponent(host)}` : '';
  return `postgresql://${account.join(':')}@${place}/${encodeURIComponent(database)}${query}`;
}
