/**
 * Goal: a process that hangs while it holds a lock stops its own shard only, and nothing is wrong
 * once it is gone.
 * Method: a session keeps a shard's row, or a tenant's audit head, locked while batches over
 * several budgets are decided.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '@kiki/kernel';
import { holdCommand, settleCommand } from '../../application/ledger.conformance.js';
import type { LedgerCommand } from '../../application/ledger.js';
import { openFixture, TEST_NOW, type PostgresFixture } from './postgres-ledger.fixture.js';
import { PostgresLedger } from './postgres-ledger.js';
import { SHARD_LOCKS } from './shard-rows.js';

let of: PostgresFixture;
let ledger: PostgresLedger;

beforeAll(async () => {
  of = await openFixture();
  const options = { storeNow: TEST_NOW, lockTimeoutMs: 50 };
  ledger = new PostgresLedger(of.database, new SystemClock(), options);
  const caps = [{ id: 'total', kind: 'total' as const, measure: 'micros' as const, limit: 100n }];
  for (const [tenant, id] of [
    ['acme', 'stuck'],
    ['acme', 'free'],
    ['other', 'theirs'],
  ] as const) {
    await of.budgets.create({ tenant, id, name: id, currency: 'EUR', caps }, 'tester');
  }
  await ledger.decide([holdCommand({ id: 'before', budgetId: 'stuck' })]);
});

afterAll(() => of.close());

/** Decides while another session keeps what `sql` locks. */
async function decideWhile(sql: string, commands: readonly LedgerCommand[], times: number) {
  const client = await of.database.pool.connect();
  await client.query('BEGIN');
  await client.query(sql);
  const answers: string[][] = [];
  for (let time = 0; time < times; time++) answers.push(await answersOf(commands));
  await client.query('ROLLBACK');
  client.release();
  return answers;
}

async function answersOf(commands: readonly LedgerCommand[]): Promise<string[]> {
  const outcomes = await ledger.decide(commands);
  return outcomes.map(({ result }) => {
    if (!result.ok) return result.error.code;
    if ('settlement' in result.value) return result.value.settlement.outcome;
    return 'state' in result.value ? result.value.state : 'entered';
  });
}

describe('a lock that does not come', () => {
  it('stops the shard it belongs to, and no other', async () => {
    const commands = [
      holdCommand({ id: 's1', budgetId: 'stuck' }),
      holdCommand({ id: 's2', budgetId: 'free' }),
      settleCommand({ holdId: 'before' }),
      holdCommand({ id: 's3', budgetId: 'theirs', tenant: 'other' }),
      holdCommand({ id: 's4', budgetId: 'nowhere' }),
    ];
    const sql = `SELECT pg_advisory_xact_lock(${SHARD_LOCKS}, shard_no) FROM shards WHERE root_id = 'stuck'`;
    const busy = ['shard_busy', 'held', 'shard_busy', 'held', 'budget_not_found'];
    expect(await decideWhile(sql, commands, 3)).toEqual([busy, busy, busy]);
    const after = ['held', 'held', 'captured', 'held', 'budget_not_found'];
    expect(await answersOf(commands)).toEqual(after);
    expect(await answersOf(commands)).toEqual(after);
    expect(await of.recount()).toEqual([]);
  });

  it('on the audit log of a tenant stops that tenant, and no other', async () => {
    const commands = [
      holdCommand({ id: 'a1', budgetId: 'free' }),
      holdCommand({ id: 'a2', budgetId: 'theirs', tenant: 'other' }),
    ];
    const sql = `SELECT 1 FROM audit_heads WHERE tenant = 'acme' FOR UPDATE`;
    const busy = ['shard_busy', 'held'];
    expect(await decideWhile(sql, commands, 2)).toEqual([busy, busy]);
    expect(await answersOf(commands)).toEqual(['held', 'held']);
    expect(await of.recount()).toEqual([]);
  });

  it('keeps the money of that tenant, and of no other, past its grace', async () => {
    const due = { expiresInMs: 1_000, graceMs: 0 };
    await ledger.decide([
      holdCommand({ id: 'r1', budgetId: 'free', ...due }),
      holdCommand({ id: 'r2', budgetId: 'theirs', tenant: 'other', ...due, graceMs: 1_000 }),
    ]);
    await of.advance(3_000);
    const heldOf = async (tenant: string, id: string) => (await of.reader.hold(tenant, id)).state;
    const client = await of.database.pool.connect();
    await client.query('BEGIN');
    await client.query(`SELECT 1 FROM audit_heads WHERE tenant = 'acme' FOR UPDATE`);
    await expect(ledger.releaseDue()).rejects.toMatchObject({ code: 'shard_busy' });
    expect([await heldOf('acme', 'r1'), await heldOf('other', 'r2')]).toEqual(['held', 'expired']);
    await client.query('ROLLBACK');
    client.release();
    expect(await ledger.releaseDue()).toMatchObject({ released: 1 });
    expect(await heldOf('acme', 'r1')).toBe('expired');
    expect(await of.recount()).toEqual([]);
  });
});
