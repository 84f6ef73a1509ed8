import type { Database } from '@kiki/postgres';

/**
 * Tables of the Postgres adapters (`cache`, `rate_limit`, `lock`): numbered files for the schema that
 * `sharedStateSchema`
 * names, migrated beside the service's own where the profile has no Redis.
 */
export const sharedStateMigrationsDir = new URL('../migrations/', import.meta.url);

/** The schema of a service's caches, limits and locks, e.g. `syncflow_shared`; it has its own migrations ledger. */
export function sharedStateSchema(serviceSchema: string): string {
  return `${serviceSchema}_shared`;
}

/** A qualified table name for a service's database. */
export function sharedTable(database: Database, table: 'cache' | 'rate_limit' | 'lock'): string {
  return `"${sharedStateSchema(database.schema)}".${table}`;
}
