/**
 * Goal: with four eyes no change that lets more pass is made by one key; what a second key approves
 * is applied exactly once, on what it was asked on; what only tightens is made at once.
 * Method: changes of every kind on PostgreSQL, races of approvals, a changed base, a jump of the
 * store's clock; the audit log has every step.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { canonicalJson } from '@kiki/kernel';
import { GuardedChange, type Changed } from '../../application/approvals.js';
import { GRANT_EXEMPTION } from '../../application/appeal-hold.js';
import type { Approval } from '../../domain/approval.js';
import type { CapInput } from '../../domain/caps.js';
import { ruleOf } from '../../domain/policy/policy.fixture.js';
import { openControls, type ControlsFixture } from './controls.fixture.js';

const T = 't';
let of: ControlsFixture;
let guarded: GuardedChange;

beforeAll(async () => {
  of = await openControls(true);
  guarded = new GuardedChange(of.approvals);
  await approved(await ask(() => of.budgets.create(budget('root', [total(100n)]), 'ann')));
});
afterAll(() => of.close());

const total = (limit: bigint): CapInput => ({
  ...{ id: 'total', kind: 'total' as const, measure: 'micros' as const, limit },
});
const budget = (id: string, caps: readonly CapInput[], parentId?: string) => ({
  ...{ tenant: T, id, name: id, currency: 'EUR', caps },
  ...(parentId === undefined ? {} : { parentId }),
});
const ask = <R>(change: () => Promise<R>, actor = 'ann'): Promise<Changed<R>> =>
  guarded.execute({ tenant: T, actor }, change);
const setCaps = (id: string, caps: readonly CapInput[]) =>
  ask(() => of.budgets.replaceCaps(T, id, caps, 'ann'));
const pendingOf = <R>(changed: Changed<R>): Approval => {
  if (changed.kind !== 'pending') throw new Error('it was made at once');
  return changed.approval;
};
const approved = <R>(changed: Changed<R>, actor = 'bob') =>
  of.approvals.approve(T, pendingOf(changed).id, actor);
const limitOf = async (id: string): Promise<bigint | undefined> =>
  (await of.budgets.get(T, id)).caps[0]?.limit;
async function leaves(action: string): Promise<Record<string, unknown>[]> {
  const { rows } = await of.database.pool.query<{ records: string }>(
    'SELECT records FROM audit_bundles WHERE tenant = $1 ORDER BY first_seq',
    [T],
  );
  return rows
    .flatMap(({ records }) => records.split('\n'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((leaf) => leaf['action'] === action);
}

describe('four eyes', () => {
  it('keep a raised limit for a second key, and make a lower one at once', async () => {
    expect(await setCaps('root', [total(90n)])).toMatchObject({ kind: 'done' });
    const raise = pendingOf(await setCaps('root', [total(200n)]));
    expect(await limitOf('root')).toBe(90n);
    expect(raise).toMatchObject({ action: 'raise_limit', target: 'root', requestedBy: 'ann' });
    expect(pendingOf(await setCaps('root', [total(200n)])).id).toBe(raise.id);
    await expect(of.approvals.approve(T, raise.id, 'ann')).rejects.toMatchObject({
      code: 'approval_by_requester',
    });
    const decided = await of.approvals.approve(T, raise.id, 'bob', 'fine');
    expect(decided).toMatchObject({ state: 'approved', decidedBy: 'bob', decisionReason: 'fine' });
    expect(await limitOf('root')).toBe(200n);
    expect(await of.approvals.approve(T, raise.id, 'bob')).toEqual(decided);
    const [change] = (await leaves('caps.replaced')).slice(-1);
    expect(change).toMatchObject({
      ...{ actor: 'bob', approvalId: raise.id },
      before: { caps: [{ limitMicros: 90 }] },
      after: { caps: [{ limitMicros: 200 }] },
    });
  });

  it('keep a cap that is gone, a new id or kind of it, and a shorter window', async () => {
    for (const caps of [
      [],
      [{ ...total(100n), id: 'other' }],
      [{ ...total(100n), measure: 'actions' as const }],
      [{ ...total(100n), kind: 'calendar_day' as const, timeZone: 'UTC' }],
    ]) {
      const approval = pendingOf(await setCaps('root', caps));
      await of.approvals.reject(T, approval.id, 'bob');
    }
    const more = [total(200n), { ...total(5n), id: 'hour', kind: 'sliding_window' as const }];
    const hour = [more[0]!, { ...more[1]!, windowMs: 3_600_000 }];
    expect((await setCaps('root', hour)).kind).toBe('done');
    const shorter = [hour[0]!, { ...hour[1]!, windowMs: 60_000 }];
    await of.approvals.reject(T, pendingOf(await setCaps('root', shorter)).id, 'bob');
    expect((await of.budgets.get(T, 'root')).caps).toMatchObject([{}, { windowMs: 3_600_000 }]);
  });

  it('keep new roots, resumed budgets and lifted kill switches, but not children and stops', async () => {
    const root = await ask(() => of.budgets.create(budget('second', [total(5n)]), 'ann'));
    await expect(of.budgets.get(T, 'second')).rejects.toMatchObject({ code: 'budget_not_found' });
    await approved(root);
    expect(await limitOf('second')).toBe(5n);
    const child = () => of.budgets.create(budget('child', [], 'root'), 'ann');
    expect((await ask(child)).kind).toBe('done');
    await of.budgets.setPaused(T, 'root', true, 'ann');
    const resume = await ask(() => of.budgets.setPaused(T, 'root', false, 'ann'));
    expect((await of.budgets.get(T, 'root')).isPaused).toBe(true);
    await approved(resume);
    expect((await of.budgets.get(T, 'root')).isPaused).toBe(false);
    const { id } = await of.kills.set({ tenant: T, actor: 'ann', reason: 'x' });
    const lift = await ask(() => of.kills.lift({ tenant: T, actor: 'ann', id, reason: 'over' }));
    expect((await of.kills.list(T, { isActive: true }, { limit: 1 })).items).toHaveLength(1);
    await approved(lift);
    expect((await of.kills.list(T, { isActive: true }, { limit: 1 })).items).toHaveLength(0);
  });

  it('apply a change once, whoever races for it, and never on another base', async () => {
    const raise = pendingOf(await setCaps('second', [total(50n)]));
    const results = await Promise.allSettled(
      ['bob', 'cem', 'bob', 'dan'].map((key) => of.approvals.approve(T, raise.id, key)),
    );
    const winners = results.flatMap((r) => (r.status === 'fulfilled' ? [r.value.decidedBy] : []));
    expect(new Set(winners).size).toBe(1);
    const applied = await leaves('approval.approved');
    expect(applied.filter(({ approvalId }) => approvalId === raise.id)).toHaveLength(1);
    const other = pendingOf(await setCaps('second', [total(70n)]));
    await setCaps('second', [total(40n)]);
    await expect(of.approvals.approve(T, other.id, 'bob')).rejects.toMatchObject({
      code: 'approval_outdated',
    });
    expect(await of.approvals.get(T, other.id)).toMatchObject({ state: 'outdated' });
    expect(await limitOf('second')).toBe(40n);
    await expect(of.approvals.approve(T, other.id, 'bob')).rejects.toMatchObject({
      code: 'approval_closed',
    });
  });

  it('keep weaker policies, take stricter ones, and let an appeal change one rule only', async () => {
    const block = ruleOf({ kind: 'block_list', attribute: 'geo', values: ['FR'] });
    const put = (rules: readonly (typeof block)[]) =>
      ask(() => of.policies.put({ tenant: T, actor: 'ann', policy: { rules } }));
    expect((await put([block])).kind).toBe('done');
    const wider = { ...block, values: ['FR', 'BE'] } as typeof block;
    expect((await put([wider])).kind).toBe('done');
    const weaker = await put([block]);
    await approved(weaker);
    expect(await of.policies.current(T)).toMatchObject({
      ...{ version: 3, approvalId: pendingOf(weaker).id, policy: { rules: [block] } },
    });
    const exemption = { reason: 'appeal', geo: 'FR', untilMs: 1 };
    const appeal = await of.approvals.request({
      ...{ tenant: T, actor: 'ann', action: GRANT_EXEMPTION, target: 'r' },
      ...{ before: canonicalJson(block), after: canonicalJson({ exemption }) },
    });
    await put([block, { ...block, id: 'another' }]);
    await of.approvals.approve(T, appeal.id, 'bob');
    expect((await of.policies.current(T)).policy.rules).toEqual([
      { ...block, exemptions: [exemption] },
      { ...block, id: 'another' },
    ]);
  });

  it('forget what nobody decides, and list what there is', async () => {
    const late = pendingOf(await setCaps('second', [total(1_000n)]));
    await of.advance(120_000);
    await expect(of.approvals.approve(T, late.id, 'bob')).rejects.toMatchObject({
      code: 'approval_closed',
    });
    expect(await of.approvals.expireDue()).toBeGreaterThan(0);
    expect(await of.approvals.get(T, late.id)).toMatchObject({ state: 'expired' });
    expect((await leaves('approval.expired')).at(-1)).toMatchObject({
      ...{ approvalId: late.id, before: { state: 'pending' }, after: { state: 'expired' } },
    });
    const again = pendingOf(await setCaps('second', [total(1_000n)]));
    expect(again.id).not.toBe(late.id);
    const pending = await of.approvals.list(T, { state: 'pending' }, { limit: 10 });
    expect(pending.items.map(({ id }) => id)).toEqual([again.id]);
    const first = await of.approvals.list(T, {}, { limit: 2 });
    const second = await of.approvals.list(T, {}, { limit: 2, after: first.next });
    expect([...first.items, ...second.items].map(({ id }) => Number(id))).toEqual(
      [...first.items, ...second.items].map(({ id }) => Number(id)).sort((a, b) => b - a),
    );
    await of.approvals.reject(T, again.id, 'ann', 'taken back');
    await expect(of.approvals.get('other', again.id)).rejects.toMatchObject({
      code: 'approval_not_found',
    });
  });
});
