import pg from 'pg';
import { errors } from './errors.js';
import { readMigrations } from './migration-files.js';
import type { MigrationFile } from './migration-files.js';
import { mapError } from './pg-errors.js';
import { sessionConfig } from './pool.js';
import type { ConnectionOptions } from './pool.js';
import { schemaName } from './schema-name.js';

/** Whose migrations, where they lie and where they go. */
export interface MigrateOptions {
  readonly connection: ConnectionOptions;
  readonly schema: string;
  /** `new URL('../migrations/', import.meta.url)` of the owning package. */
  readonly directory: URL;
}

/** One migration as the doctor sees it. */
export interface MigrationStatus {
  readonly name: string;
  readonly state: 'applied' | 'pending' | 'changed' | 'missing';
  /** Undefined while pending. */
  readonly appliedAt?: Date;
}

interface AppliedRow extends pg.QueryResultRow {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
  readonly applied_at: Date;
}

/**
 * Applies the pending migrations of a schema in order, each in a transaction of its own, and returns their names.
 * Any number of processes may call it at once: an advisory lock lets one work while the others wait.
 * @throws migration_changed, migration_missing, migration_invalid, migration_failed, unavailable
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const files = await readMigrations(options.directory);
  return withSession(options, async (client) => {
    await client.query(`SELECT pg_advisory_lock(hashtextextended($1, 0))`, [lockName(options)]);
    await createLedger(client, options.schema);
    const applied = await appliedRows(client, options.schema);
    const status = compare(files, applied);
    for (const row of status) refuse(row, options.schema);
    const pending = files.slice(applied.length);
    for (const file of pending) await apply(client, options.schema, file);
    return pending.map((file) => file.name);
  });
}

/** What is applied, pending, changed or missing; changes nothing. @throws migration_invalid, unavailable */
export async function migrationStatus(options: MigrateOptions): Promise<MigrationStatus[]> {
  const files = await readMigrations(options.directory);
  return withSession(options, async (client) => {
    const ledger = `${schemaName(options.schema)}.kiki_migrations`;
    const found = await client.query<{ found: boolean }>(
      'SELECT to_regclass($1) IS NOT NULL AS found',
      [ledger],
    );
    const applied = found.rows[0]?.found ? await appliedRows(client, options.schema) : [];
    return compare(files, applied);
  });
}

async function withSession<T>(
  options: MigrateOptions,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(
    sessionConfig({
      connection: options.connection,
      schema: options.schema,
      statementTimeoutMs: 0,
      idleInTransactionTimeoutMs: 0,
      applicationName: `kiki-migrate-${options.schema}`,
    }),
  );
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw mapError(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function lockName(options: MigrateOptions): string {
  return `kiki:migrate:${options.schema}`;
}

async function createLedger(client: pg.Client, schema: string): Promise<void> {
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${schemaName(schema)}`);
  await client.query(`
    CREATE TABLE IF NOT EXISTS ${schema}.kiki_migrations (
      number integer PRIMARY KEY,
      name text NOT NULL,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      duration_ms double precision NOT NULL
    )`);
}

async function appliedRows(client: pg.Client, schema: string): Promise<AppliedRow[]> {
  const result = await client.query<AppliedRow>(
    `SELECT number, name, checksum, applied_at FROM ${schema}.kiki_migrations ORDER BY number`,
  );
  return result.rows;
}

function compare(
  files: readonly MigrationFile[],
  applied: readonly AppliedRow[],
): MigrationStatus[] {
  const known: MigrationStatus[] = applied.map((row, index) => {
    const file = files[index];
    const isSame = file?.name === row.name && file.checksum === row.checksum;
    const state = file === undefined ? 'missing' : isSame ? 'applied' : 'changed';
    return { name: row.name, state, appliedAt: row.applied_at };
  });
  const pending = files.slice(applied.length);
  return [...known, ...pending.map((file) => ({ name: file.name, state: 'pending' as const }))];
}

function refuse(row: MigrationStatus, schema: string): void {
  if (row.state === 'changed') {
    throw errors.migration_changed(
      `Migration ${row.name} of ${schema} was applied at ${row.appliedAt?.toISOString()} with another text.`,
    );
  }
  if (row.state === 'missing') {
    throw errors.migration_missing(
      `Migration ${row.name} of ${schema} is unknown to this version.`,
    );
  }
}

async function apply(client: pg.Client, schema: string, file: MigrationFile): Promise<void> {
  const startedMs = performance.now();
  try {
    await client.query('BEGIN');
    await client.query(file.sql);
    await client.query(
      `INSERT INTO ${schema}.kiki_migrations (number, name, checksum, duration_ms) VALUES ($1, $2, $3, $4)`,
      [file.number, file.name, file.checksum, performance.now() - startedMs],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    const mapped = mapError(error);
    if (mapped !== error) throw mapped;
    const message = `Migration ${file.name} of ${schema} failed: ${(error as Error).message}`;
    throw errors.migration_failed(message, {}, { cause: error });
  }
}
