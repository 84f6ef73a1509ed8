import { SystemClock } from '@kiki/kernel';
import { PostgresDatabase } from '@kiki/postgres';
import { createTestDatabase, type TestDatabase } from '@kiki/testing';
import { NoConsentRegistry, type ConsentCheck } from '../../application/consent-check.js';
import { APPROVAL_ACTIONS } from '../../domain/approval.js';
import { approvedBudgetChanges, approvedControlChanges } from './approved-changes.js';
import { ControlChanges } from './control-change.js';
import { Judges } from './judges.js';
import { PostgresAcquisitions } from './postgres-acquisitions.js';
import { PostgresApprovals } from './postgres-approvals.js';
import { PostgresBudgets } from './postgres-budgets.js';
import { PostgresDecisionHistory } from './postgres-decision-history.js';
import { PostgresExplanations } from './postgres-explanations.js';
import { PostgresKillSwitches } from './postgres-kill-switches.js';
import { PostgresLedger } from './postgres-ledger.js';
import { PostgresPolicies } from './postgres-policies.js';
import { PostgresReader } from './postgres-reader.js';
import { PostgresSpendLearning } from './postgres-spend-learning.js';
import { STORE_NOW } from './store-time.js';

const migrationsDir = new URL('../../../migrations/', import.meta.url);
const TEST_NOW = `(${STORE_NOW} + (SELECT offset_ms FROM test_clock))`;

/** Everything that controls holds, on a database of its own. */
export type ControlsFixture = Awaited<ReturnType<typeof openControls>>;

/** @param fourEyes whether every change that lets more pass needs a second key */
export async function openControls(
  fourEyes: boolean,
  consents: ConsentCheck = new NoConsentRegistry(),
) {
  const test: TestDatabase = await createTestDatabase({ schema: 'syncshield', migrationsDir });
  const { database } = test;
  await database.execute('CREATE TABLE test_clock (offset_ms bigint NOT NULL)');
  await database.execute('INSERT INTO test_clock VALUES (0)');
  const clock = new SystemClock();
  const guarded = new Set(fourEyes ? APPROVAL_ACTIONS : []);
  const options = { storeNow: TEST_NOW, fourEyes: guarded };
  const changes = new ControlChanges(database, clock, options);
  const budgets = new PostgresBudgets(database, clock, { ...options, lockTimeoutMs: 60_000 });
  const policies = new PostgresPolicies(changes);
  const kills = new PostgresKillSwitches(changes);
  const executors = [...approvedBudgetChanges(budgets), ...approvedControlChanges(kills, policies)];
  const reader = new PostgresReader(database, new Judges(consents, clock), TEST_NOW);
  const others: PostgresDatabase[] = [];
  const ledgerOn = (on: PostgresDatabase): PostgresLedger =>
    new PostgresLedger(on, clock, {
      ...{ storeNow: TEST_NOW, lockTimeoutMs: 60_000, judges: new Judges(consents, clock) },
      // Less than any spec moves the clock.
      maxLateMs: 50,
    });
  return {
    ...{ test, database, clock, changes, budgets, policies, kills, reader },
    approvals: new PostgresApprovals(changes, executors, 60_000),
    acquisitions: new PostgresAcquisitions(changes),
    learning: new PostgresSpendLearning(changes),
    history: new PostgresDecisionHistory(database, consents, clock, TEST_NOW),
    explanations: new PostgresExplanations(database, reader, budgets, policies),
    ledger: ledgerOn(database),
    /** One more process on the same database. */
    another: (): PostgresLedger => {
      const other = new PostgresDatabase({
        ...{ connection: test.connection, schema: 'syncshield', max: 4 },
      });
      others.push(other);
      return ledgerOn(other);
    },
    advance: async (ms: number): Promise<void> => {
      await database.execute('UPDATE test_clock SET offset_ms = offset_ms + $1', [ms]);
    },
    close: async (): Promise<void> => {
      await Promise.all(others.map((other) => other.close()));
      await test.drop();
    },
  };
}
