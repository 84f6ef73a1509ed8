/**
 * Goal: money that is due comes back although nothing can be done about the shards that were due before.
 * Method: more shards than one pass looks at, all due; another session works on all but the last of them.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { holdCommand } from '../../application/ledger.conformance.js';
import { openFixture, type PostgresFixture } from './postgres-ledger.fixture.js';
import { SHARD_LOCKS } from './shard-rows.js';

const tenant = 'turns';
/** One more than a pass of the sweeper looks at. */
const SHARDS = 33;

let of: PostgresFixture;
beforeAll(async () => {
  of = await openFixture();
});
afterAll(() => of.close());

it('gives back what is due behind a pass full of shards that others work on', async () => {
  const ids = Array.from({ length: SHARDS }, (_, n) => `b${n}`);
  for (const id of ids) {
    await of.budgets.create({ tenant, id, name: id, currency: 'EUR', caps: [] }, 'tester');
    const request = { tenant, id, budgetId: id, amountMicros: 1n, expiresInMs: 1, graceMs: 0 };
    await of.ledger.decide([holdCommand(request)]);
    await of.advance(10);
  }
  const last = ids.at(-1) ?? '';
  const other = await of.database.pool.connect();
  try {
    await other.query('BEGIN');
    await other.query(
      `SELECT pg_advisory_xact_lock(${SHARD_LOCKS}, shard_no) FROM shards WHERE root_id <> $1`,
      [last],
    );
    for (let pass = 0; pass < 2; pass++) await of.ledger.releaseDue();
    expect(await of.reader.hold(tenant, last)).toMatchObject({ state: 'expired' });
    expect(await of.reader.hold(tenant, 'b0')).toMatchObject({ state: 'held' });
  } finally {
    await other.query('ROLLBACK');
    other.release();
  }
  while ((await of.ledger.releaseDue()).released > 0);
  expect(await of.reader.hold(tenant, 'b0')).toMatchObject({ state: 'expired' });
});
