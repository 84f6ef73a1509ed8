/**
 * Goal: what a budget counts in all is counted once, and outlives the total that counted it.
 * Method: one ledger on the embedded server; caps come and go while money is held and spent.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { holdCommand, settleCommand } from '../../application/ledger.conformance.js';
import type { CapInput } from '../../domain/caps.js';
import { openFixture, type PostgresFixture } from './postgres-ledger.fixture.js';

const tenant = 'meters';
const total = (limit: bigint, id = 'total'): CapInput => ({
  ...{ id, kind: 'total', measure: 'micros', limit },
});
const actions: CapInput = { id: 'few', kind: 'total', measure: 'actions', limit: 5n };

let of: PostgresFixture;
beforeAll(async () => {
  of = await openFixture();
});
afterAll(() => of.close());

const create = (id: string, caps: readonly CapInput[]) =>
  of.budgets.create({ tenant, id, name: id, currency: 'EUR', caps }, 'tester');
const replace = (id: string, caps: readonly CapInput[]) =>
  of.budgets.replaceCaps(tenant, id, caps, 'tester');
const hold = async (budgetId: string, id: string, amountMicros: bigint) => {
  const [outcome] = await of.ledger.decide([holdCommand({ tenant, id, budgetId, amountMicros })]);
  return outcome?.result.ok && 'reason' in outcome.result.value
    ? outcome.result.value.reason
    : outcome?.result;
};
const counters = async (budgetId: string) =>
  of.database.query<{ id: string; kind: string; is_meter: boolean; spent: bigint; held: bigint }>(
    `SELECT c.id, c.kind, c.is_meter, k.spent, k.held
       FROM caps c JOIN budgets b USING (budget_no) LEFT JOIN cap_counters k ON k.cap_no = c.cap_no
      WHERE b.id = $1 ORDER BY c.position`,
    [budgetId],
  );

describe('the meter of a budget', () => {
  it('is its first total over money, else a counter of its own', async () => {
    await create('with', [actions, total(100n), total(200n, 'other')]);
    await create('without', [actions]);
    for (const id of ['with', 'without']) await hold(id, `${id}-1`, 30n);
    expect(await counters('with')).toMatchObject([
      { id: 'few', is_meter: false, spent: 1n },
      { id: 'total', is_meter: true, held: 30n },
      { id: 'other', is_meter: false, held: 30n },
    ]);
    expect(await counters('without')).toMatchObject([
      { kind: 'meter', is_meter: true, held: 30n },
      { id: 'few', is_meter: false, spent: 1n },
    ]);
    expect(await of.budgets.get(tenant, 'with')).toMatchObject({ heldMicros: 30n });
  });

  it('outlives the total that was it, also what the holds no longer tell', async () => {
    await create('goes', [total(100n)]);
    await hold('goes', 'goes-1', 60n);
    await of.ledger.decide([settleCommand({ tenant, holdId: 'goes-1', amountMicros: 40n })]);
    await replace('goes', [total(100n), actions]);
    expect((await counters('goes')).map(({ id }) => id)).toEqual(['total', 'few']);
    await replace('goes', [actions]);
    expect(await counters('goes')).toMatchObject([
      { kind: 'meter', is_meter: true, spent: 40n, held: 0n },
      { id: 'few' },
    ]);
    expect(await hold('goes', 'goes-2', 1_000n)).toBe('within_limits');
    await of.ledger.decide([settleCommand({ tenant, holdId: 'goes-2', action: 'void' })]);
    expect(await of.recount()).toEqual([]);
    // Retention takes the holds away; a total that comes now counts from there, the budget does not.
    await of.database.execute(`DELETE FROM settlements WHERE hold_id LIKE 'goes%'`);
    await of.database.execute(`DELETE FROM holds WHERE id LIKE 'goes%'`);
    const { caps, spentMicros } = await replace('goes', [total(10n), actions]);
    expect(spentMicros).toBe(40n);
    expect(caps).toMatchObject([{ id: 'total', spent: 0n }, { id: 'few' }]);
    expect(await hold('goes', 'goes-3', 11n)).toBe('cap_exceeded');
  });
});
