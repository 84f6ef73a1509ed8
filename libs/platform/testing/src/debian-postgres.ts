import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionOptions } from '@kiki/postgres';
import { ChildServer } from './child-server.js';
import { privateDirectory, UNPRIVILEGED } from './private-directory.js';
import { administer } from './test-server.js';
import { waitFor } from './wait-for.js';

/** A private PostgreSQL of the machine's own version. */
export interface DebianPostgres {
  /** Superuser, database `postgres`. */
  readonly connection: ConnectionOptions;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** Kills it with -9 and starts it again on the same data. */
  crashAndRestart(): Promise<void>;
  /** Kills it with -9 and leaves it down until `start`. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** Stops it and deletes its data. */
  stop(): Promise<void>;
}

const VERSIONS = ['15', '16', '17', '18'];

/** Why the machine's PostgreSQL cannot be used, or undefined: for `describeUnless`. */
export function debianPostgresMissing(): string | undefined {
  return binDir() === undefined ? 'no /usr/lib/postgresql/15…18/bin' : undefined;
}

function binDir(): string | undefined {
  return VERSIONS.map((version) => `/usr/lib/postgresql/${version}/bin`).find((path) =>
    existsSync(join(path, 'postgres')),
  );
}

/**
 * Starts a private PostgreSQL from the machine's packages (15 first); undefined, with the reason printed, when there
 * is none. `settings` are added to the command line, e.g. `{ fsync: 'off' }`.
 */
export async function startDebianPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<DebianPostgres | undefined> {
  const bin = binDir();
  if (bin === undefined) {
    process.stdout.write(`skipped: ${debianPostgresMissing()}\n`);
    return undefined;
  }
  const directory = privateDirectory('kiki-pg-');
  const data = join(directory.path, 'data');
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'kiki', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    { ...UNPRIVILEGED, cwd: directory.path, stdio: 'ignore' },
  );
  const all = {
    recovery_init_sync_method: 'syncfs',
    listen_addresses: '',
    unix_socket_directories: directory.path,
    ...settings,
  };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = new ChildServer(join(bin, 'postgres'), ['-D', data, ...flags], directory.path);
  const connection = { host: directory.path, port: 5432, user: 'kiki', database: 'postgres' };
  const up = async (): Promise<void> => {
    const answers = (): Promise<unknown> => {
      // The children of a killed server need a moment to go; until then the next one gives up at once.
      if (!server.isRunning) server.start();
      return administer(connection, 'SELECT 1 AS name');
    };
    await waitFor(answers, { timeoutMs: 30_000, what: `PostgreSQL to start\n${server.log}` });
  };
  await up();
  return {
    connection,
    get pid() {
      return server.pid ?? 0;
    },
    start: up,
    crash: () => server.end('SIGKILL'),
    crashAndRestart: async () => {
      await server.end('SIGKILL');
      await up();
    },
    stop: async () => {
      await server.end('SIGINT');
      await directory.remove();
    },
  };
}
