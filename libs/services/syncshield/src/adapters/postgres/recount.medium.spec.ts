/**
 * Goal: a recount finds whatever does not agree with the rows it is made of.
 * Method: a small history of every kind of command, then one row is changed behind the ledger's
 * back, found, and put back, for each rule of the recount.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { entryCommand } from '../../application/caps.conformance.js';
import { holdCommand, settleCommand } from '../../application/ledger.conformance.js';
import { completeCaps } from '../../domain/caps.js';
import { openFixture, type PostgresFixture } from './postgres-ledger.fixture.js';
import { recount } from './recount.js';

let of: PostgresFixture;
beforeAll(async () => {
  of = await openFixture();
  const caps = completeCaps([
    { kind: 'total', limitMicros: 100n },
    { kind: 'calendar_week', limitMicros: 100n },
    { kind: 'sliding_window', limitMicros: 100n, windowMs: 86_400_000 },
    { kind: 'calendar_month', limitActions: 9n },
    { kind: 'rate', limitMicros: 100n, windowMs: 60_000 },
  ]);
  const budget = { tenant: 'acme', id: 'b', name: 'b', currency: 'EUR', caps };
  await of.budgets.create(budget, 'tester');
  await of.ledger.decide([
    holdCommand({ id: 'held', amountMicros: 10n }),
    holdCommand({ id: 'part', amountMicros: 10n }),
    holdCommand({ id: 'late', amountMicros: 10n }),
    holdCommand({ id: 'gone', amountMicros: 10n }),
    holdCommand({ id: 'much', amountMicros: 1_000n }),
    settleCommand({ holdId: 'part', amountMicros: 4n, isFinal: false }),
    settleCommand({ holdId: 'gone', action: 'void' }),
    settleCommand({ holdId: 'late' }),
    settleCommand({ holdId: 'late', action: 'refund', amountMicros: 3n }),
    settleCommand({ holdId: 'late', settlementId: 'again', amountMicros: 90n }),
    entryCommand({ entryId: 'e', amountMicros: 5n }),
  ]);
});
afterAll(() => of.close());

const found = async (): Promise<string[]> =>
  (await recount(of.database)).problems.map(({ what, id }) => `${what} ${id}`);

describe('a recount', () => {
  it('finds nothing in what the ledger has written', async () => {
    expect(await found()).toEqual([]);
    const { budgets, overspendMicros } = await recount(of.database);
    expect(budgets).toMatchObject([{ spentMicros: 106n, heldMicros: 16n }]);
    expect(overspendMicros).toBeGreaterThan(0n);
  });

  it.each([
    ['a sum that is too small', 'cap_counters', 'spent = spent - 1', `slot >= 0 AND spent > 1`],
    ['a live window', 'cap_counters', 'held = held - 1', 'slot = -1'],
    ['a limit', 'cap_counters', 'limit_amount = limit_amount + 1', 'spent > 50 AND slot >= 0'],
    ['money that is spent', 'holds', 'captured_micros = captured_micros + 1', `id = 'part'`],
    ['a state', 'holds', `state = 'voided'`, `id = 'late'`],
    ['a state of what is held', 'holds', `state = 'expired'`, `id = 'held'`],
    ['a second resolution', 'settlements', `outcome = 'voided'`, `hold_id = 'part'`],
    ['a late amount', 'settlements', 'late_micros = late_micros + 1', `settlement_id = 'again'`],
    ['an answer', 'settlements', 'refunded_after_micros = 4', `refunded_micros = 3`],
    ['a reason', 'holds', `reason = 'within_limits'`, `id = 'much'`],
    ['a pause', 'budgets', 'is_paused = false', `id = 'b'`],
    ['a breach', 'breaches', 'late_micros = late_micros + 1', `hold_id = 'late'`],
    ['an entry', 'entries', 'amount_micros = amount_micros + 1', `entry_id = 'e'`],
    ['an entry without a breach', 'entries', 'over_micros = 0', `entry_id = 'e'`],
    ['a release that is too late', 'shards', 'next_release_ms = next_release_ms + 1', 'true'],
    ['a clock', 'shards', 'clock_ms = clock_ms - 1000000', 'true'],
  ])('finds %s', async (_what, table, change, where) => {
    const { database } = of;
    await database.execute(`CREATE TABLE before AS SELECT * FROM ${table}`);
    try {
      await database.execute(`ALTER TABLE ${table} DISABLE TRIGGER ALL`);
      expect(await database.execute(`UPDATE ${table} SET ${change} WHERE ${where}`)).not.toBe(0);
      expect(await found()).not.toEqual([]);
    } finally {
      const columns = change.split(' = ')[0] ?? '';
      await database.execute(
        `UPDATE ${table} t SET ${columns} = b.${columns} FROM before b WHERE ${KEYS[table]}`,
      );
      await database.execute(`ALTER TABLE ${table} ENABLE TRIGGER ALL`);
      await database.execute('DROP TABLE before');
    }
    expect(await found()).toEqual([]);
  });

  it.each([
    ['a hold', `DELETE FROM holds WHERE id = 'much'`],
    ['a settlement', `DELETE FROM settlements WHERE hold_id = 'gone'`],
    ['a breach', `DELETE FROM breaches WHERE hold_id = 'late'`],
    ['an entry', 'DELETE FROM entries'],
    ['the audit log', 'DELETE FROM audit_bundles'],
  ])('finds that %s is missing', async (_what, sql) => {
    const failed = of.database.transaction(async (tx) => {
      await tx.execute(`SET LOCAL session_replication_role = replica`);
      await tx.execute(sql);
      const problems = (await recount(transactionAs(tx))).problems.map(({ what }) => what);
      expect(problems).toContain('audit');
      throw new Error('undo');
    });
    await expect(failed).rejects.toThrow('undo');
  });
});

const KEYS: Readonly<Record<string, string>> = {
  cap_counters: 't.cap_no = b.cap_no AND t.slot = b.slot',
  holds: 't.id = b.id',
  settlements: 't.hold_id = b.hold_id AND t.settlement_id = b.settlement_id',
  budgets: 't.id = b.id',
  breaches: 't.breach_no = b.breach_no',
  entries: 't.entry_id = b.entry_id',
  shards: 't.shard_no = b.shard_no',
};

/** The transaction that is open as a database: what it changed is seen, and undone with it. */
function transactionAs(
  tx: Parameters<Parameters<PostgresFixture['database']['transaction']>[0]>[0],
) {
  return { transaction: (work: (of: typeof tx) => Promise<unknown>) => work(tx) } as never;
}
