/**
 * Goal: a ledger that the first release has written goes on under this one: nothing that was held
 * or spent is forgotten, and sliding windows count on in their ring of buckets.
 * Method: rows as the first migration knows them, written by hand; then all migrations, a recount,
 * and decisions that just fit.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SystemClock } from '@kiki/kernel';
import { migrate, type SqlValue } from '@kiki/postgres';
import { createTestDatabase, temporaryHome, type TestDatabase } from '@kiki/testing';
import { holdCommand, settleCommand } from '../../application/ledger.conformance.js';
import { NoConsentRegistry } from '../../application/consent-check.js';
import type { LedgerCommand } from '../../application/ledger.js';
import { PostgresLedger } from './postgres-ledger.js';
import { Judges } from './judges.js';
import { PostgresReader } from './postgres-reader.js';
import { recount } from './recount.js';

const migrationsDir = new URL('../../../migrations/', import.meta.url);
const schema = 'syncshield';
const MINUTE = 60_000;
/** The last decision of the old ledger: half an hour ago. */
const CLOCK_MS = Date.now() - 30 * MINUTE;
const WINDOW_MS = 6 * 60 * MINUTE;

const home = temporaryHome('kiki-upgrade-');
let test: TestDatabase;

beforeAll(async () => {
  const first = '0001-ledger.sql';
  mkdirSync(home.path, { recursive: true });
  copyFileSync(fileURLToPath(new URL(first, migrationsDir)), path.join(home.path, first));
  const directory = pathToFileURL(`${home.path}/`);
  test = await createTestDatabase({ schema, migrationsDir: directory });
  await writeOldLedger();
  await migrate({ connection: test.connection, schema, directory: migrationsDir });
});

afterAll(async () => {
  await test.drop();
  home.remove();
});

interface OldHold {
  readonly id: string;
  readonly agoMs: number;
  readonly amount: number;
  readonly state: 'held' | 'captured' | 'voided' | 'denied';
  readonly captured?: number;
  readonly late?: number;
}

/** Spent: 7 + 4 + 12 = 23; held: 20. What was decided before the window holds and spent 4 + 9. */
const HOLDS: readonly OldHold[] = [
  { id: 'now', agoMs: 0, amount: 20, state: 'held' },
  { id: 'part', agoMs: 10 * MINUTE, amount: 10, state: 'captured', captured: 7 },
  { id: 'over', agoMs: 70 * MINUTE, amount: 10, state: 'captured', captured: 10, late: 2 },
  { id: 'gone', agoMs: 80 * MINUTE, amount: 10, state: 'voided' },
  { id: 'much', agoMs: 90 * MINUTE, amount: 1_000, state: 'denied' },
  { id: 'old', agoMs: 7 * 60 * MINUTE, amount: 4, state: 'captured', captured: 4 },
];

async function writeOldLedger(): Promise<void> {
  const { database } = test;
  const run = (sql: string, values: SqlValue[] = []) => database.execute(sql, values);
  await run(
    `INSERT INTO shards (tenant, root_id, clock_ms, next_release_ms)
             VALUES ('acme', 'root', $1::bigint, $1::bigint + 3600000)`,
    [CLOCK_MS],
  );
  await run(`INSERT INTO budgets (tenant, id, shard_no, parent_no, depth, name, currency, creation, created_ms)
             VALUES ('acme', 'root', 1, NULL, 0, 'root', 'EUR', '{}', 0), ('acme', 'b', 1, 1, 1, 'b', 'EUR', '{}', 0)`);
  await run(
    `INSERT INTO caps (tenant, budget_no, id, position, kind, limit_micros, window_ms)
             SELECT 'acme', no, '$meter', 0, 'meter', 9007199254740991, NULL::bigint FROM (VALUES (1), (2)) AS b (no)
             UNION ALL SELECT 'acme', 1, 'total', 1, 'total', 100, NULL
             UNION ALL SELECT 'acme', 1, 'window', 2, 'sliding_window', 60, $1::bigint`,
    [WINDOW_MS],
  );
  for (const hold of HOLDS) await writeOldHold(hold);
  // As the old ledger counted: whole buckets of 1/120, their sum in slot -1.
  await run(`INSERT INTO cap_counters (tenant, cap_no, slot, spent_micros, held_micros, limit_micros)
             SELECT 'acme', cap_no, 0, 23, 20, limit_micros FROM caps WHERE kind <> 'sliding_window'
             UNION ALL SELECT 'acme', cap_no, -1, 19, 20, limit_micros FROM caps WHERE kind = 'sliding_window'`);
  const actions = [
    ...HOLDS.map(({ state }) => (state === 'denied' ? 'hold.denied' : 'hold.approved')),
    ...['hold.captured', 'hold.late_spend', 'hold.voided', 'hold.captured'],
  ];
  const records = actions.map((action) => JSON.stringify({ action })).join('\n');
  await run(`INSERT INTO audit_heads VALUES ('acme', $1)`, [actions.length]);
  await run(`INSERT INTO audit_bundles VALUES ('acme', 0, $1, $2)`, [actions.length, records]);
}

async function writeOldHold(hold: OldHold): Promise<void> {
  const { id, agoMs, amount, state, captured = 0, late = 0 } = hold;
  const isDenied = state === 'denied';
  const ms = { decided: CLOCK_MS - agoMs, life: 3_600_000 };
  await test.database.execute(
    `INSERT INTO holds (tenant, id, shard_no, budget_no, amount_micros, currency, expires_in_ms, grace_ms, is_approved,
                        reason, denial, decided_ms, release_ms, state, captured_micros, late_micros)
     VALUES ('acme', $1, 1, 2, $2, 'EUR', $3, 0, $4, $5, $6, $7::bigint, $7::bigint + $3::bigint, $8, $9, $10)`,
    [
      ...[id, amount, ms.life, !isDenied, isDenied ? 'cap_exceeded' : 'within_limits'],
      ...[isDenied ? '{"budgetId":"root"}' : null, ms.decided, state, captured, late],
    ],
  );
  if (state !== 'captured' && state !== 'voided') return;
  const isVoid = state === 'voided';
  const outcome = isVoid ? 'voided' : late > 0 ? 'late_spend' : 'captured';
  await test.database.execute(
    `INSERT INTO settlements VALUES ('acme', $1, $1 || ':s', $2, $3, $4, $5, $6, $7, $5, $6, $8)`,
    [
      ...[id, isVoid ? 'void' : 'capture', captured + late, outcome],
      ...[captured, late, state, ms.decided],
    ],
  );
}

describe('a ledger of the first release', () => {
  const decide = async (ledger: PostgresLedger, command: LedgerCommand) => {
    const [outcome] = await ledger.decide([command]);
    if (outcome?.result.ok !== true) throw outcome?.result.error ?? new Error('no outcome');
    return outcome.result.value;
  };

  it('is counted as it was, and goes on', async () => {
    const { database } = test;
    expect((await recount(database)).problems).toEqual([]);
    const judges = new Judges(new NoConsentRegistry(), new SystemClock());
    const check = await new PostgresReader(database, judges).check('acme', {
      ...{ budgetId: 'b', amountMicros: 1n },
    });
    // Of the window 19 are spent and 20 held: the oldest hold has left it.
    expect(check).toEqual({ isAllowed: true, reason: 'within_limits', headroomMicros: 21n });
    const ledger = new PostgresLedger(database, new SystemClock());
    expect(await decide(ledger, holdCommand({ id: 'fits not', amountMicros: 22n }))).toMatchObject({
      denial: { capId: 'window', spentMicros: 19n, heldMicros: 20n },
    });
    await decide(ledger, holdCommand({ id: 'fits', amountMicros: 21n }));
    // A repetition of what was settled long ago, and a settlement of what was still held.
    const again = { holdId: 'over', settlementId: 'over:s', amountMicros: 12n };
    expect(await decide(ledger, settleCommand(again))).toMatchObject({
      settlement: { outcome: 'late_spend', lateMicros: 2n },
    });
    await decide(ledger, settleCommand({ holdId: 'now', amountMicros: 5n }));
    await decide(ledger, holdCommand({ id: 'fits too', amountMicros: 15n }));
    expect((await recount(database)).problems).toEqual([]);
  });
});
