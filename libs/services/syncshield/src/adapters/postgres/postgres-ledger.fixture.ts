import { SystemClock } from '@kiki/kernel';
import {
  PostgresDatabase,
  postgresErrors,
  type ConnectionOptions,
  type OpenedRows,
  type Queryable,
  type Row,
  type TransactionOptions,
} from '@kiki/postgres';
import { createTestDatabase, type TestDatabase } from '@kiki/testing';
import { NoConsentRegistry } from '../../application/consent-check.js';
import type { LedgerFixture } from '../../application/ledger.conformance.js';
import { Judges } from './judges.js';
import { PostgresBudgets } from './postgres-budgets.js';
import { PostgresLedger } from './postgres-ledger.js';
import { PostgresReader } from './postgres-reader.js';
import { recount } from './recount.js';
import { STORE_NOW } from './store-time.js';

/** The store's clock with an offset that every pool of the test sees at once. */
export const TEST_NOW = `(${STORE_NOW} + (SELECT offset_ms FROM test_clock))`;
/** Less than any spec moves the clock. */
const MAX_LATE_MS = 50;
const migrationsDir = new URL('../../../migrations/', import.meta.url);

/** A ledger on a database of its own; `another` is one more process on the same database. */
export interface PostgresFixture extends LedgerFixture {
  readonly test: TestDatabase;
  readonly database: PostgresDatabase;
  another(applicationName?: string): {
    readonly ledger: PostgresLedger;
    readonly database: PostgresDatabase;
  };
  /** One more process that loses the answer to its first COMMIT. */
  losing(): { readonly ledger: PostgresLedger; readonly database: LosingDatabase };
}

/** Commits, then loses the answer: once. */
export class LosingDatabase extends PostgresDatabase {
  lost = 0;

  override async atomic<R extends Row>(
    ...statement: Parameters<PostgresDatabase['atomic']>
  ): Promise<R[]> {
    const rows = await super.atomic<R>(...statement);
    if (this.lost++ === 0) throw postgresErrors.commit_unknown();
    return rows;
  }

  override async transaction<T>(
    work: (tx: Queryable, opened: OpenedRows) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    const result = await super.transaction(work, options);
    if (this.lost++ === 0) throw postgresErrors.commit_unknown();
    return result;
  }
}

/** Opens a fixture on the shared embedded server, or on the server given. */
export async function openFixture(connection?: ConnectionOptions): Promise<PostgresFixture> {
  const schema = 'syncshield';
  const test = await createTestDatabase({
    schema,
    migrationsDir,
    ...(connection === undefined ? {} : { connection }),
  });
  const { database } = test;
  await database.execute('CREATE TABLE test_clock (offset_ms bigint NOT NULL)');
  await database.execute('INSERT INTO test_clock VALUES (0)');
  const clock = new SystemClock();
  // Patient: on a crowded machine a lock that comes late is no finding.
  const options = { storeNow: TEST_NOW, lockTimeoutMs: 60_000, maxLateMs: MAX_LATE_MS };
  const others: PostgresDatabase[] = [];
  return {
    test,
    database,
    ledger: new PostgresLedger(database, clock, options),
    budgets: new PostgresBudgets(database, clock, options),
    reader: new PostgresReader(database, new Judges(new NoConsentRegistry(), clock), TEST_NOW),
    another: (applicationName) => {
      const other = new PostgresDatabase({
        ...{ connection: test.connection, schema, max: 4 },
        ...(applicationName === undefined ? {} : { applicationName }),
      });
      others.push(other);
      return { ledger: new PostgresLedger(other, clock, options), database: other };
    },
    losing: () => {
      const other = new LosingDatabase({ connection: test.connection, schema, max: 2 });
      others.push(other);
      return { ledger: new PostgresLedger(other, clock, options), database: other };
    },
    advance: async (ms) => {
      await database.execute('UPDATE test_clock SET offset_ms = offset_ms + $1', [Math.ceil(ms)]);
    },
    recount: async () => (await recount(database)).problems,
    close: async () => {
      await Promise.all(others.map((other) => other.close()));
      await test.drop();
    },
  };
}
