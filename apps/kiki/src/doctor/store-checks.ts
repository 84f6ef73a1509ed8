import { AUTH_SCHEMA, authMigrationsDir } from '@kiki/auth';
import type { SharedConfig } from '@kiki/config';
import { DomainError, errorCatalogue } from '@kiki/kernel';
import {
  createPool,
  inspectServer,
  migrationStatus,
  parseDatabaseUrl,
  type ConnectionOptions,
  type MigrationStatus,
} from '@kiki/postgres';
import { closeRedis, connectRedis, inspectRedis, pingRedis } from '@kiki/redis';
import { allDefinitions } from '../installation/definitions.js';
import { findings, type Finding } from './finding.js';

/** An error as a failed check. */
export function failureOf(check: string, error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error);
  const code = DomainError.is(error) ? error.code : 'internal';
  return findings(check).failed(message, errorCatalogue().get(code)?.fix ?? 'See the message.');
}

/** Is the server new, durable, writable and reached without a pooler? */
export async function checkDatabase(
  shared: SharedConfig,
  connection: ConnectionOptions,
): Promise<Finding[]> {
  const { ok, warn } = findings('database');
  const { version, faults } = await inspectServer(connection);
  const found = faults.map((fault) => failureOf('database', fault));
  if (found.length === 0) found.push(ok(`PostgreSQL ${version}, durable`));
  if (shared.databaseUrl !== undefined && shared.databaseDirectUrl !== undefined) {
    const pooled = await inspectServer(parseDatabaseUrl(shared.databaseUrl));
    if (pooled.faults.some(({ code }) => code === 'postgres_pooled_url')) {
      const fix = 'Nothing has to be done; drop DATABASE_URL to silence this.';
      found.push(warn('DATABASE_URL is pooled: DATABASE_DIRECT_URL is used for everything', fix));
    }
  }
  return found;
}

/** Are the migrations of every schema applied, and the ones that this version knows? */
export async function checkMigrations(connection: ConnectionOptions): Promise<Finding[]> {
  const { ok, warn, failed } = findings('migrations');
  const schemas = [
    { schema: AUTH_SCHEMA, directory: authMigrationsDir },
    ...allDefinitions.map(({ name, migrationsDir }) => ({
      schema: name,
      directory: migrationsDir,
    })),
  ];
  const states = new Map<MigrationStatus['state'], string[]>();
  for (const { schema, directory } of schemas) {
    for (const { name, state } of await migrationStatus({ connection, schema, directory })) {
      states.set(state, [...(states.get(state) ?? []), `${schema} ${name}`]);
    }
  }
  const found = (['changed', 'missing'] as const).flatMap((state) => {
    const names = states.get(state);
    const fix = 'Run the version of KIKI that applied them, or restore a back-up from before.';
    return names === undefined ? [] : [failed(`${state}: ${names.join(', ')}`, fix)];
  });
  const pending = states.get('pending');
  if (pending !== undefined) {
    found.push(
      warn(`pending: ${pending.join(', ')}`, 'Nothing: `kiki up` applies them at its start.'),
    );
  }
  return found.length > 0
    ? found
    : [ok(`${states.get('applied')?.length ?? 0} applied, none pending`)];
}

const MOST_SKEW_MS = 2_000;

/** Do this machine and the database agree on the time? */
export async function checkClock(connection: ConnectionOptions): Promise<Finding> {
  const { ok, failed } = findings('clock');
  const pool = createPool({ connection, schema: 'public', max: 1 });
  try {
    const before = Date.now();
    const result = await pool.query<{ at: string }>(
      `select (extract(epoch from clock_timestamp()) * 1000)::text as at`,
    );
    const skewMs = Math.round(Number(result.rows[0]?.at) - (before + Date.now()) / 2);
    if (Math.abs(skewMs) <= MOST_SKEW_MS) return ok(`${skewMs} ms apart from the database`);
    return failed(
      `${skewMs} ms apart from the database`,
      'Synchronise the clocks of both machines (chrony, systemd-timesyncd): holds expire by them.',
    );
  } finally {
    await pool.end();
  }
}

/** Does Redis keep jobs? */
export async function checkRedis(shared: SharedConfig): Promise<Finding[]> {
  const { redisUrl, redisCacheUrl } = shared;
  if (redisUrl === undefined) {
    return [findings('redis').skipped('not configured: PostgreSQL does its work')];
  }
  const found = await inspectOne('redis', redisUrl, 'queue');
  if (redisCacheUrl === undefined || redisCacheUrl === redisUrl) return found;
  return [...found, ...(await inspectOne('redis cache', redisCacheUrl, 'cache'))];
}

async function inspectOne(check: string, url: string, use: 'queue' | 'cache'): Promise<Finding[]> {
  const redis = connectRedis({
    url,
    use: 'request',
    name: 'kiki-doctor',
    onFault: () => undefined,
  });
  try {
    await pingRedis(redis, 5_000);
    const found = (await inspectRedis(redis, use)).map(({ severity, problem, fix }) =>
      severity === 'error'
        ? findings(check).failed(problem, fix)
        : findings(check).warn(problem, fix),
    );
    return found.length > 0 ? found : [findings(check).ok(`fit for a ${use}`)];
  } catch (error) {
    return [failureOf(check, error)];
  } finally {
    await closeRedis(redis);
  }
}
