import type { DomainError } from '@kiki/kernel';
import pg from 'pg';
import { errors } from './errors.js';
import { mapError } from './pg-errors.js';
import type { ConnectionOptions } from './pool.js';

/** What the doctor and `/ready` show of a server. */
export interface ServerInspection {
  /** e.g. `18.4`. */
  readonly version: string;
  /** Why KIKI will not run on it; empty when it will. */
  readonly faults: readonly DomainError[];
}

/** Settings as the server reports them for this session. */
export interface ServerFacts {
  readonly versionNumber: number;
  readonly version: string;
  readonly fsync: string;
  readonly fullPageWrites: string;
  readonly synchronousCommit: string;
  readonly isStandby: boolean;
  readonly isPooled: boolean;
}

const OLDEST_VERSION = 150_000;

/** Refuses a server that KIKI must not run on. @throws postgres_not_durable and its kin, unavailable */
export async function checkServer(connection: ConnectionOptions): Promise<ServerInspection> {
  const inspection = await inspectServer(connection);
  const [fault] = inspection.faults;
  if (fault !== undefined) throw fault;
  return inspection;
}

/** Connects and collects every reason against a server. @throws unavailable, postgres_pooled_url */
export async function inspectServer(connection: ConnectionOptions): Promise<ServerInspection> {
  const clients = [connect(connection), connect(connection)] as const;
  try {
    const [first, second] = await Promise.all(clients);
    const facts = await readFacts(first, await isPooled(first, second));
    return { version: facts.version, faults: faultsOf(facts) };
  } catch (error) {
    throw mapError(error);
  } finally {
    for (const client of clients) void client.then((open) => open.end()).catch(() => undefined);
  }
}

async function connect(connection: ConnectionOptions): Promise<pg.Client> {
  const client = new pg.Client({
    ...connection,
    application_name: 'kiki-check',
    connectionTimeoutMillis: 10_000,
    query_timeout: 10_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** A session keeps its server process for life; behind a transaction pooler another's transaction takes it away. */
async function isPooled(first: pg.Client, second: pg.Client): Promise<boolean> {
  const before = await backendPid(first);
  await second.query('BEGIN');
  try {
    const other = await backendPid(second);
    return other === before || (await backendPid(first)) !== before;
  } finally {
    await second.query('ROLLBACK');
  }
}

async function backendPid(client: pg.Client): Promise<number | undefined> {
  const result = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return result.rows[0]?.pid;
}

async function readFacts(client: pg.Client, isPooledUrl: boolean): Promise<ServerFacts> {
  const result = await client.query<Omit<ServerFacts, 'isPooled'>>(`
    SELECT current_setting('server_version_num')::int AS "versionNumber",
           split_part(current_setting('server_version'), ' ', 1) AS "version",
           current_setting('fsync') AS "fsync",
           current_setting('full_page_writes') AS "fullPageWrites",
           current_setting('synchronous_commit') AS "synchronousCommit",
           pg_is_in_recovery() AS "isStandby"`);
  const [row] = result.rows;
  if (row === undefined) throw new Error('the server reported no settings');
  return { ...row, isPooled: isPooledUrl };
}

/** Why KIKI will not run on a server with these settings. */
export function faultsOf(facts: ServerFacts): DomainError[] {
  const faults: DomainError[] = [];
  if (facts.isPooled) {
    faults.push(
      errors.postgres_pooled_url(
        'DATABASE_URL leads to a transaction pooler such as PgBouncer. ' +
          'Set DATABASE_DIRECT_URL to an address that reaches PostgreSQL itself or a session pool.',
      ),
    );
  }
  if (facts.versionNumber < OLDEST_VERSION) {
    faults.push(errors.postgres_too_old(`PostgreSQL ${facts.version} is older than 15.`));
  }
  if (facts.isStandby) faults.push(errors.postgres_standby());
  const unsafe = Object.entries({
    fsync: facts.fsync,
    full_page_writes: facts.fullPageWrites,
    synchronous_commit: facts.synchronousCommit,
  }).filter(([, value]) => value === 'off');
  if (unsafe.length > 0) {
    const names = unsafe.map(([name]) => `${name} = off`).join(', ');
    const message = `The PostgreSQL server runs with ${names}: acknowledged commits could be lost.`;
    faults.push(errors.postgres_not_durable(message, { settings: unsafe.map(([name]) => name) }));
  }
  return faults;
}
