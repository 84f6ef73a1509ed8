/**
 * Goal: policies and kill switches are in force for every batch of every process once they are
 * acknowledged; what rules count is exact across batches, processes and budget trees; every change
 * is an audit leaf with before and after.
 * Method: two ledgers on one PostgreSQL with callers that never stop, changes in between; the audit
 * log is the order that counts.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LedgerCommand, LedgerOutcome } from '../../application/ledger.js';
import { ConsentCheck, type ConsentAsk } from '../../application/consent-check.js';
import type { HoldContext } from '../../domain/hold-context.js';
import type { Hold } from '../../domain/hold.js';
import { ruleOf } from '../../domain/policy/policy.fixture.js';
import type { Rule } from '../../domain/policy/rule.js';
import { openControls, type ControlsFixture } from './controls.fixture.js';

const granted = new Set<string>();

class SetOfConsents extends ConsentCheck {
  override verdicts(_tx: unknown, _tenant: string, asks: readonly ConsentAsk[]) {
    return Promise.resolve(
      asks.map(({ subject }) => ({ isGranted: granted.has(subject), reason: 'listed' })),
    );
  }
}

let of: ControlsFixture;
let number = 0;

beforeAll(async () => {
  of = await openControls(false, new SetOfConsents());
});
afterAll(() => of.close());

const actor = 'k1';
const command = (
  tenant: string,
  budgetId: string,
  amountMicros = 1n,
  context: HoldContext = {},
): Extract<LedgerCommand, { kind: 'hold' }> => ({
  ...{ kind: 'hold', actor },
  request: {
    ...{ tenant, id: `h${++number}`, budgetId, amountMicros, currency: 'EUR', context },
    ...{ expiresInMs: 60_000, graceMs: 60_000 },
  },
});
const holdsOf = (outcomes: readonly LedgerOutcome[]): Hold[] =>
  outcomes.map(({ result }) => {
    if (!result.ok) throw result.error;
    return result.value as Hold;
  });
const decide = async (commands: readonly LedgerCommand[], ledger = of.ledger): Promise<Hold[]> =>
  holdsOf(await ledger.decide(commands));
const budget = (tenant: string, id: string, parentId?: string) =>
  of.budgets.create(
    {
      ...{ tenant, id, name: id, currency: 'EUR', caps: [] },
      ...(parentId === undefined ? {} : { parentId }),
    },
    actor,
  );
const put = (tenant: string, rules: readonly Rule[]) =>
  of.policies.put({ tenant, actor, policy: { rules } });
async function audit(tenant: string): Promise<Record<string, unknown>[]> {
  const { rows } = await of.database.pool.query<{ records: string }>(
    'SELECT records FROM audit_bundles WHERE tenant = $1 ORDER BY first_seq',
    [tenant],
  );
  return rows.flatMap(({ records }) =>
    records.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>),
  );
}

describe('policies on PostgreSQL', () => {
  it('judge holds, name rule, values and version, and replay denials', async () => {
    const t = 'judged';
    await budget(t, 'root');
    await put(t, [ruleOf({ kind: 'block_list', attribute: 'geo', values: ['FR'] })]);
    const asked = [command(t, 'root', 1n, { geo: 'FR' }), command(t, 'root', 1n, { geo: 'DE' })];
    const [denied, approved] = await decide(asked);
    expect(denied).toMatchObject({
      ...{ isApproved: false, reason: 'policy_denied', policyVersion: 1 },
      denial: {
        ...{ budgetId: 'root', ruleId: 'r', policyVersion: 1 },
        values: { rule: 'block_list', geo: 'FR' },
      },
    });
    expect(approved).toMatchObject({ isApproved: true, policyVersion: 1 });
    await put(t, []);
    const again = await decide(asked);
    expect(again).toEqual([denied, approved]);
    expect(await of.reader.hold(t, denied!.id)).toEqual(denied);
    expect((await decide([command(t, 'root', 1n, { geo: 'FR' })]))[0]).toMatchObject({
      ...{ isApproved: true, policyVersion: 2 },
    });
    const changes = (await audit(t)).filter(({ action }) => action === 'policy.replaced');
    expect(changes).toMatchObject([
      { policyVersion: 1, before: [], after: [{ id: 'r', values: ['FR'] }], weakenedRules: [] },
      { policyVersion: 2, before: [{ id: 'r' }], after: [], weakenedRules: ['r'] },
    ]);
  });

  it('keep versions, and refuse a change that was made on another one', async () => {
    const t = 'versions';
    await budget(t, 'root');
    await expect(of.policies.current(t)).rejects.toMatchObject({ code: 'policy_not_found' });
    const rule = ruleOf({ kind: 'block_list', attribute: 'geo', values: ['FR'] });
    expect(await put(t, [rule])).toMatchObject({ version: 1 });
    expect(await put(t, [rule])).toMatchObject({ version: 1 });
    const stale = { tenant: t, actor, policy: { rules: [] }, expectedVersion: 0 };
    await expect(of.policies.put(stale)).rejects.toMatchObject({ code: 'policy_version_conflict' });
    expect(await of.policies.put({ ...stale, expectedVersion: 1 })).toMatchObject({ version: 2 });
    const first = await of.policies.versions(t, { limit: 1 });
    expect(first).toMatchObject({ items: [{ version: 2 }], next: '2' });
    const second = await of.policies.versions(t, { limit: 1, after: first.next });
    expect(second.items).toMatchObject([{ version: 1, policy: { rules: [{ id: 'r' }] } }]);
    expect(second.next).toBeUndefined();
    const lost = ruleOf({ ...rule, scope: { budgetId: 'nowhere' } });
    await expect(put(t, [lost])).rejects.toMatchObject({ code: 'policy_invalid' });
    await expect(of.database.execute('DELETE FROM policies')).rejects.toThrow('append-only');
  });

  it('never approve more of a new value than its trial, over two processes and many trees', async () => {
    const t = 'trials';
    const roots = ['a', 'b', 'c', 'd'];
    for (const root of roots) await budget(t, root);
    await put(t, [
      ruleOf({ ...{ kind: 'new_geo', known: ['DE'], trialMicros: 100n, currency: 'EUR' } }),
    ]);
    const ledgers = [of.ledger, of.another()];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        decide(
          Array.from({ length: 5 }, (_unused, k) =>
            command(t, roots[(n + k) % 4]!, 3n, { geo: n % 2 === 0 ? 'FR' : 'BE' }),
          ),
          ledgers[n % 2],
        ),
      ),
    );
    for (const geo of ['FR', 'BE']) {
      const approved = answers
        .flat()
        .filter((hold) => hold.isApproved && hold.context?.geo === geo);
      expect(approved).toHaveLength(33);
    }
    const [denied] = await decide([command(t, 'a', 2n, { geo: 'FR' })]);
    expect(denied?.denial?.values).toMatchObject({ usedMicros: '99', trialMicros: '100' });
    // Whoever only asks is told the same, by a transaction that can write nothing.
    const asked = { budgetId: 'a', amountMicros: 2n, context: { geo: 'FR' } };
    expect(await of.reader.check(t, asked)).toMatchObject({ denial: denied?.denial });
    expect(await of.reader.check(t, { ...asked, amountMicros: 1n })).toMatchObject({
      isAllowed: true,
    });
    expect((await decide([command(t, 'a', 500n, { geo: 'DE' })]))[0]?.isApproved).toBe(true);
  });

  it('ask the consent registry in the deciding transaction', async () => {
    const t = 'consents';
    await budget(t, 'root');
    await put(t, [ruleOf({ kind: 'consent_required', purpose: 'ads', onMissing: 'deny' })]);
    granted.add('yes');
    const holds = await decide(
      ['yes', 'no', 'yes'].map((subject) => command(t, 'root', 1n, { subject })),
    );
    expect(holds.map(({ isApproved }) => isApproved)).toEqual([true, false, true]);
    granted.delete('yes');
    expect((await decide([command(t, 'root', 1n, { subject: 'yes' })]))[0]?.isApproved).toBe(false);
  });

  it('hold spending per acquisition against the limit, counted from committed data', async () => {
    const t = 'cac';
    await budget(t, 'root');
    await budget(t, 'leaf', 'root');
    await put(t, [
      ruleOf({
        ...{ kind: 'max_cac', currency: 'EUR', limitMicros: 100n, scope: { budgetId: 'root' } },
        ...{ windowMs: 3_600_000, minAcquisitions: 1 },
      }),
    ]);
    await of.learning.learn();
    const batch = await decide([1, 2, 3].map(() => command(t, 'leaf', 40n)));
    expect(batch.map(({ isApproved }) => isApproved)).toEqual([true, true, false]);
    expect(batch[2]?.denial).toMatchObject({
      budgetId: 'root',
      values: { heldMicros: '80', acquisitions: '0', countedAcquisitions: '1' },
    });
    const report = [{ id: 'a1', budgetId: 'leaf', count: 2 }];
    expect(await of.acquisitions.record(t, actor, report)).toEqual({ recorded: 1, repeated: 0 });
    expect(await of.acquisitions.record(t, actor, report)).toEqual({ recorded: 0, repeated: 1 });
    const other = [{ id: 'a1', budgetId: 'leaf', count: 3 }];
    await expect(of.acquisitions.record(t, actor, other)).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
    const after = await decide([1, 2, 3, 4].map(() => command(t, 'leaf', 40n)));
    expect(after.map(({ isApproved }) => isApproved)).toEqual([true, true, true, false]);
  });
});

describe('learning', () => {
  it('reads every hold once, and vetoes what is out of line', async () => {
    const t = 'learned';
    await budget(t, 'root');
    await budget(t, 'leaf', 'root');
    await put(t, [
      ruleOf({
        ...{ kind: 'spend_velocity', windowMs: 5_000, factorPercent: 300, slackLumps: 10 },
        ...{ minMicros: 0n, minHours: 3 },
      }),
    ]);
    for (let hour = 0; hour < 4; hour++) {
      await decide(Array.from({ length: 100 }, () => command(t, 'leaf', 10n)));
      await of.learning.learn();
      await of.advance(3_600_000);
    }
    await of.learning.learn();
    await of.learning.learn();
    const { rows } = await of.database.pool.query<{ approved: string; hours: string }>(
      `SELECT sum(approved_micros)::text AS approved, count(*)::text AS hours FROM spend_hours
        WHERE tenant = $1`,
      [t],
    );
    expect(rows).toEqual([{ approved: '4000', hours: '4' }]);
    const profiles = await of.history.profiles(t);
    expect([...profiles.values()]).toHaveLength(2);
    expect([...profiles.values()][0]).toMatchObject({ lumpMicros: 10n, hours: 4 });
    const fresh = of.another();
    const batch = await decide(
      Array.from({ length: 30 }, () => command(t, 'leaf', 10n)),
      fresh,
    );
    const approved = batch.filter(({ isApproved }) => isApproved).length;
    expect(approved).toBeGreaterThanOrEqual(10);
    expect(approved).toBeLessThan(16);
    expect(batch.at(-1)?.denial).toMatchObject({ ruleId: 'r', values: { rule: 'spend_velocity' } });
    expect((await decide([command(t, 'leaf', 10n)], fresh))[0]?.isApproved).toBe(false);
    await of.advance(10_000);
    expect((await decide([command(t, 'leaf', 10n)], fresh))[0]?.isApproved).toBe(true);
  });
});

describe('a kill switch', () => {
  it('lets nothing be approved after its leaf, whatever is under way', async () => {
    const t = 'killed';
    for (const root of ['a', 'b']) await budget(t, root);
    await budget(t, 'a1', 'a');
    const ledgers = [of.ledger, of.another(), of.another()];
    let isOn = true;
    const late: string[] = [];
    const state = { isAcknowledged: false, round: 0 };
    const callers = ledgers.flatMap((ledger) =>
      ['a', 'a1', 'b'].map(async (budgetId) => {
        while (isOn) {
          const { isAcknowledged: wasAcknowledged, round } = state;
          const holds = await decide(
            [1, 2, 3].map(() => command(t, budgetId)),
            ledger,
          );
          if (!wasAcknowledged || state.round !== round || budgetId === 'b') continue;
          late.push(...holds.filter((hold) => hold.isApproved).map(({ id }) => id));
        }
      }),
    );
    for (let round = 0; round < 10; round++) {
      const set = await of.kills.set({ tenant: t, actor, budgetId: 'a', reason: 'test' });
      state.isAcknowledged = true;
      expect(await of.kills.set({ tenant: t, actor, budgetId: 'a', reason: 'x' })).toEqual(set);
      await new Promise((done) => setTimeout(done, 30));
      state.isAcknowledged = false;
      state.round++;
      const lifted = { tenant: t, actor, id: set.id, reason: 'over' };
      expect(await of.kills.lift(lifted)).toMatchObject({ liftedBy: actor });
      expect(await of.kills.lift(lifted)).toMatchObject({ liftedBy: actor });
    }
    isOn = false;
    await Promise.all(callers);
    expect(late).toEqual([]);
    const leaves = await audit(t);
    let isKilled = false;
    const counts = { killed: 0, free: 0, others: 0 };
    for (const { action, budgetId, denial } of leaves) {
      if (action === 'kill_switch.set') isKilled = true;
      if (action === 'kill_switch.lifted') isKilled = false;
      if (action !== 'hold.approved' && action !== 'hold.denied') continue;
      if (budgetId === 'b') counts.others++;
      else if (isKilled) {
        counts.killed++;
        expect(action).toBe('hold.denied');
        expect(denial).toMatchObject({ budgetId: 'a', values: { scope: 'budget' } });
      } else {
        counts.free++;
        expect(action).toBe('hold.approved');
      }
    }
    expect(Math.min(counts.killed, counts.free, counts.others)).toBeGreaterThan(0);
    expect(leaves.filter(({ action }) => action === 'kill_switch.set')).toHaveLength(10);
  }, 60_000);

  it('stops a whole tenant, and lists what is on and what was lifted', async () => {
    const t = 'stopped';
    await budget(t, 'root');
    await expect(
      of.kills.set({ tenant: t, actor, budgetId: 'nowhere', reason: 'x' }),
    ).rejects.toMatchObject({ code: 'budget_not_found' });
    const { id } = await of.kills.set({ tenant: t, actor, reason: 'x' });
    const [denied] = await decide([command(t, 'root')]);
    expect(denied).toMatchObject({
      reason: 'kill_switch',
      denial: { values: { scope: 'tenant' } },
    });
    expect((await of.kills.list(t, { isActive: true }, { limit: 5 })).items).toHaveLength(1);
    await of.kills.lift({ tenant: t, actor, id, reason: 'over' });
    expect((await of.kills.list(t, { isActive: true }, { limit: 5 })).items).toHaveLength(0);
    expect((await decide([command(t, 'root')]))[0]?.isApproved).toBe(true);
    await expect(of.kills.lift({ tenant: 'other', actor, id, reason: 'x' })).rejects.toMatchObject({
      code: 'kill_switch_not_found',
    });
  });
});
