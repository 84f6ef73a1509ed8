/**
 * Goal: whoever takes locks of several tenants takes them in one order, so that two of them never wait for each other.
 * Method: another session keeps the lock of the tenant that comes first; whoever waits for it has to have left the
 * lock of the other tenant alone, although it was named, or due, before.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '@kiki/kernel';
import { waitFor } from '@kiki/testing';
import { NoConsentRegistry } from '../../application/consent-check.js';
import { holdCommand } from '../../application/ledger.conformance.js';
import { openControls, type ControlsFixture } from './controls.fixture.js';
import { Judges } from './judges.js';

let of: ControlsFixture;
beforeAll(async () => {
  of = await openControls(true);
});
afterAll(() => of.close());

const controlOf = (tenant: string): string =>
  `pg_try_advisory_xact_lock(hashtextextended('kiki:shield:control:${tenant}', 0))`;

/** What `work` comes to, and what `sql` says while it waits for what `lock` has locked. */
async function whileWaiting<T>(lock: string, work: () => Promise<T>, sql: string) {
  const [keeper, other] = await Promise.all([
    of.database.pool.connect(),
    of.database.pool.connect(),
  ]);
  try {
    await keeper.query('BEGIN');
    await keeper.query(lock);
    const running = work();
    await waitFor(async () => {
      const { rows } = await other.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    });
    await other.query('BEGIN');
    const seen = await other.query<{ is_free: boolean }>(sql).catch((error: Error) => error);
    await other.query('ROLLBACK');
    await keeper.query('ROLLBACK');
    return { result: await running, seen };
  } finally {
    keeper.release();
    other.release();
  }
}

describe('locks of several tenants', () => {
  it('on what is in force are taken in the order of the tenants', async () => {
    const judges = new Judges(new NoConsentRegistry(), new SystemClock());
    const commands = ['zoe', 'amy'].map((tenant) =>
      holdCommand({ tenant, id: 'h', budgetId: 'b' }),
    );
    const { seen } = await whileWaiting(
      `SELECT ${controlOf('amy')}`,
      () => of.database.transaction((tx) => judges.locked(tx, commands)),
      `SELECT ${controlOf('zoe')} AS is_free`,
    );
    expect(seen).toMatchObject({ rows: [{ is_free: true }] });
    expect(judges.tenantsOf(commands)).toEqual(['amy', 'zoe']);
  });

  it('on audit logs are taken in the order of the tenants, whatever was due first', async () => {
    for (const tenant of ['zoe', 'amy']) {
      const change = { action: 'raise_limit', target: 'b', before: '{}', after: '{}' };
      await of.approvals.request({ tenant, actor: 'ann', ...change });
      await of.advance(1_000);
    }
    await of.advance(120_000);
    const { result, seen } = await whileWaiting(
      `SELECT FROM audit_heads WHERE tenant = 'amy' FOR UPDATE`,
      () => of.approvals.expireDue(),
      `SELECT true AS is_free FROM audit_heads WHERE tenant = 'zoe' FOR UPDATE NOWAIT`,
    );
    expect(seen).toMatchObject({ rows: [{ is_free: true }] });
    expect(result).toBe(2);
  });
});
