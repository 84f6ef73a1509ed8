/**
 * Goal: a dry run says what a policy would have done to the decisions of the last days, in bounded
 * pages and without locks; an explanation says by which rules and caps a hold was decided.
 * Method: decisions over several simulated days on PostgreSQL, replayed by policies whose effect is
 * known; what a replay says of a policy is what the same policy did when it was in force.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LedgerCommand } from '../../application/ledger.js';
import { DryRun } from '../../application/dry-run.js';
import type { HoldContext } from '../../domain/hold-context.js';
import type { Hold } from '../../domain/hold.js';
import { ruleOf } from '../../domain/policy/policy.fixture.js';
import type { Policy } from '../../domain/policy/rule.js';
import { openControls, type ControlsFixture } from './controls.fixture.js';

const T = 't';
let of: ControlsFixture;
let dryRun: DryRun;
let number = 0;

beforeAll(async () => {
  of = await openControls(false);
  dryRun = new DryRun(of.history, of.clock);
  const caps = [
    { ...{ id: 'total', kind: 'total' as const, measure: 'micros' as const, limit: 3_000n } },
  ];
  await of.budgets.create({ tenant: T, id: 'root', name: 'r', currency: 'EUR', caps }, 'k');
});
afterAll(() => of.close());

async function hold(amountMicros: bigint, context: HoldContext): Promise<Hold> {
  const command: LedgerCommand = {
    ...{ kind: 'hold', actor: 'k' },
    request: {
      ...{ tenant: T, id: `h${++number}`, budgetId: 'root', amountMicros, currency: 'EUR' },
      ...{ expiresInMs: 30 * 86_400_000, graceMs: 0, context },
    },
  };
  const [outcome] = await of.ledger.decide([command]);
  if (outcome?.result.ok !== true) throw new Error('no decision');
  return outcome.result.value as Hold;
}
const run = (policy: Policy, days = 7, maxDecisions = 1_000) =>
  dryRun.execute({ tenant: T, policy, days, maxDecisions });
const block = ruleOf({ kind: 'block_list', attribute: 'geo', values: ['FR'] });

describe('a dry run', () => {
  it('counts and names what a policy would have denied', async () => {
    for (let day = 0; day < 5; day++) {
      for (let n = 0; n < 4; n++) await hold(100n, { geo: n === 0 ? 'FR' : 'DE' });
      await of.advance(86_400_000);
    }
    await hold(2_000n, { geo: 'FR' });
    const report = await run({ rules: [block] });
    expect(report).toMatchObject({
      ...{ decisions: 21, isComplete: true },
      approvedThen: { count: 20, micros: { EUR: 2_000n } },
      deniedThen: { count: 1, micros: { EUR: 2_000n } },
      newlyDenied: { count: 5, micros: { EUR: 500n } },
      noLongerDenied: { count: 0 },
      rules: [
        {
          denied: { count: 6 },
          newlyDenied: { count: 5 },
          examples: ['h1', 'h5', 'h9', 'h13', 'h17'],
        },
      ],
    });
    expect((await run({ rules: [block] }, 2)).decisions).toBeLessThan(10);
  });

  it('goes on within its bounds, and says so', async () => {
    const report = await run({ rules: [block] }, 7, 1);
    expect(report).toMatchObject({ isComplete: false });
    expect(report.toMs).toBeGreaterThan(report.fromMs);
    expect(report.decisions).toBeLessThan(21);
  });

  it('keeps trials and costs per acquisition as they would have grown', async () => {
    const trial = ruleOf({
      ...{ kind: 'new_geo', known: ['DE'], trialMicros: 250n, currency: 'EUR' },
    });
    const fresh = await run({ rules: [trial] });
    expect(fresh.newlyDenied).toEqual({ count: 3, micros: { EUR: 300n } });
    expect([...fresh.rules[0]!.newValues]).toEqual([['FR', 6]]);
    const cac = ruleOf({
      ...{ kind: 'max_cac', currency: 'EUR', limitMicros: 100n, windowMs: 3_600_000 },
      minAcquisitions: 3,
    });
    expect((await run({ rules: [cac] })).newlyDenied.count).toBe(5);
  });

  it('says of a policy what the policy did when it was in force', async () => {
    await of.advance(40 * 86_400_000);
    const policy = {
      rules: [block, ruleOf({ ...block, id: 'ca', values: ['US-CA'] })],
    };
    await of.policies.put({ tenant: T, actor: 'k', policy });
    const holds = [];
    for (const geo of ['FR', 'US', 'US-CA', 'DE']) holds.push(await hold(1n, { geo }));
    const report = await run(policy, 1);
    expect(report.newlyDenied.count).toBe(0);
    expect(report.deniedThen.count).toBe(2);
    expect(report.rules.map(({ denied }) => denied.count)).toEqual([1, 1]);
    const without = await run({ rules: [block] }, 1);
    expect(without.noLongerDenied).toEqual({ count: 1, micros: { EUR: 1n } });
    expect(holds.map(({ isApproved }) => isApproved)).toEqual([false, true, false, true]);
  });
});

describe('an explanation', () => {
  it('names rules, caps and values of a denied and of an approved hold', async () => {
    const denied = await of.explanations.explain(T, (await hold(1n, { geo: 'US-CA' })).id);
    expect(denied.rules).toEqual([
      { ruleId: 'r', kind: 'block_list', outcome: 'passed', values: { geo: 'US-CA' } },
      {
        ...{ ruleId: 'ca', kind: 'block_list', outcome: 'denied' },
        values: { rule: 'block_list', geo: 'US-CA' },
      },
    ]);
    expect(denied.caps).toMatchObject([{ budgetId: 'root', isDenier: false }]);
    const approved = await of.explanations.explain(T, (await hold(1n, { geo: 'DE' })).id);
    expect(approved.rules.map(({ outcome }) => outcome)).toEqual(['passed', 'passed']);
    const large = await of.explanations.explain(T, (await hold(9_000n, { geo: 'DE' })).id);
    expect(large).toMatchObject({
      hold: { reason: 'cap_exceeded', denial: { capId: 'total', limitMicros: 3_000n } },
      caps: [{ isDenier: true, now: { id: 'total' } }],
    });
    await of.policies.put({ tenant: T, actor: 'k', policy: { rules: [] } });
    expect((await of.explanations.explain(T, denied.hold.id)).rules).toEqual(denied.rules);
    const first = await of.explanations.explain(T, 'h1');
    expect(first).toMatchObject({ rules: [] });
  });
});
