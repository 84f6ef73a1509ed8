import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPostgres } from '@kiki/postgres';
import type { ConnectionOptions, PostgresServer } from '@kiki/postgres';
import pg from 'pg';
import { repositoryRoot } from './repository.js';

const STALE_AFTER_S = 3600;
/** Long enough that the server stays up between the suites and workers of a run. */
const LINGER_MS = 20_000;

let opening: Promise<PostgresServer> | undefined;

/**
 * The server that all suites of this checkout share: an embedded one whose home lies in the temporary directory and
 * stays there between runs, so that only the first run pays for its creation. It is as durable as a real one.
 */
export function testServer(): Promise<PostgresServer> {
  opening ??= open();
  return opening;
}

async function open(): Promise<PostgresServer> {
  const key = createHash('sha256').update(repositoryRoot).digest('hex').slice(0, 10);
  const home = join(tmpdir(), `kiki-test-${process.getuid?.() ?? 0}-${key}`);
  const server = await openPostgres({ home, name: 'tests', lingerMs: LINGER_MS });
  await dropStale(server.connection);
  return server;
}

/** Runs one statement outside any test database. */
export async function administer(
  connection: ConnectionOptions,
  sql: string,
): Promise<pg.QueryResult<{ name: string }>> {
  const client = new pg.Client(connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

/** A database's name carries the second of its creation. */
export function testDatabaseName(nowMs: number, suffix: string): string {
  return `test_${Math.floor(nowMs / 1000)}_${suffix}`;
}

async function dropStale(connection: ConnectionOptions): Promise<void> {
  const found = await administer(
    connection,
    String.raw`SELECT datname AS name FROM pg_database WHERE datname ~ '^test_\d+_'`,
  );
  const oldestS = Date.now() / 1000 - STALE_AFTER_S;
  for (const { name } of found.rows) {
    if (Number(name.split('_')[1]) >= oldestS) continue;
    // One that is still in use, or that another worker drops at this moment, is left alone.
    await administer(connection, `DROP DATABASE IF EXISTS ${name}`).catch(() => undefined);
  }
}
