/**
 * Goal: policies, kill switches, four eyes and explanations do over HTTP what their contract says,
 * name the field that is wrong, and keep no customer id.
 * Method: the real service with four eyes on a real PostgreSQL, two keys of one tenant, called by
 * the client of the contract and by plain requests.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PolicyApi, SyncShieldClient, type PolicyInput } from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { createTestDatabase, waitFor, type TestDatabase } from '@kiki/testing';
import { syncshieldDefinition } from './index.js';

const home = mkdtempSync(join(tmpdir(), 'kiki-policy-'));
const T = 'default';
let db: TestDatabase;
let host: Host;
let url: string;
let ann: Record<string, string>;
let bob: Record<string, string>;
let shield: SyncShieldClient;
let policy: PolicyApi;
let second: PolicyApi;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = {
    ...{ DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' },
    ...{ SYNCSHIELD_FOUR_EYES: 'on', SYNCSHIELD_TOTALS_INTERVAL_MS: '100' },
    SYNCSHIELD_FOUR_EYES_ACTIONS: 'raise_limit,lift_kill_switch,weaken_policy',
  };
  host = await start([syncshieldDefinition], { environment, portBase: 0 });
  url = host.service('syncshield').httpUrl;
  const { key } = await host.auth.admin.createKey({ tenant: T, name: 'bob', scopes: ['*'] });
  ann = { authorization: `Bearer ${host.firstKey}` };
  bob = { authorization: `Bearer ${key}` };
  shield = new SyncShieldClient({ baseUrl: url, headers: () => ann });
  policy = new PolicyApi({ baseUrl: url, headers: () => ann });
  second = new PolicyApi({ baseUrl: url, headers: () => bob });
  const caps = [{ kind: 'total' as const, limitMicros: 1_000n }];
  await shield.createBudget(T, { id: 'main', name: 'main', currency: 'EUR', caps });
});

afterAll(async () => {
  await host?.stop();
  await db.drop();
  rmSync(home, { recursive: true });
});

async function call(method: string, path: string, body?: unknown, headers = ann) {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, body: text, etag: answer.headers.get('etag') };
}

const base = { scope: {}, exemptions: [] };
const RULES: PolicyInput = {
  rules: [
    { ...base, id: 'places', kind: 'allow_list', attribute: 'geo', values: ['DE', 'US'] },
    { ...base, id: 'sane', kind: 'ltv_sanity', maxBidPercent: 50, onMissing: 'pass' },
    {
      ...{ ...base, id: 'night', kind: 'quiet_hours', timeZone: 'UTC', from: '00:00', to: '24:00' },
      ...{ days: ['mon'], scope: { channel: 'sms' } },
    },
  ],
};
const hold = (id: string, context: Parameters<SyncShieldClient['hold']>[1]['context']) =>
  shield.hold(T, { id, budgetId: 'main', amountMicros: 1n, currency: 'EUR', context: context! });

describe('the policy over HTTP', () => {
  it('is put, shown with its version, and changed only on the version it was made on', async () => {
    expect((await call('GET', '/v1/policy')).body).toMatchObject({ code: 'policy_not_found' });
    const made = await policy.putPolicy(T, RULES, { comment: 'first', expectedVersion: 0 });
    expect(made).toMatchObject({ isPending: false, value: { version: 1, comment: 'first' } });
    const shown = await call('GET', '/v1/policy');
    expect(shown).toMatchObject({ etag: '"1"', body: { version: 1, policy: RULES } });
    const other = { rules: RULES.rules.slice(0, 2) };
    const stale = await call('PUT', '/v1/policy', { policy: other }, { ...ann, 'if-match': '"7"' });
    expect(stale).toMatchObject({ status: 409, body: { code: 'policy_version_conflict' } });
    const again = await call('PUT', '/v1/policy', { policy: RULES }, { ...ann, 'if-match': '"1"' });
    expect(again).toMatchObject({ status: 200, etag: '"1"' });
    const versions = await call('GET', '/v1/policy/versions?limit=1');
    expect(versions.body).toMatchObject({ items: [{ version: 1 }], nextCursor: null });
    expect((await call('GET', '/v1/policy/versions/9')).status).toBe(404);
  });

  it('names the field that is wrong', async () => {
    const rules = [
      { id: 'a', kind: 'ltv_sanity' },
      { id: 'a', kind: 'quiet_hours', timeZone: 'Nowhere/Land', from: '22:00', to: '06:00' },
      { id: 'b', kind: 'new_geo', known: ['DE'], trialMicros: 5 },
      { id: 'c', kind: 'block_list', attribute: 'geo', values: [], exemptions: [{ reason: 'x' }] },
    ];
    const answer = await call('PUT', '/v1/policy', { policy: { rules } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'policy_invalid' } });
    const fields = (answer.body['fields'] as { field: string }[]).map(({ field }) => field);
    expect(fields.sort()).toEqual([
      ...['policy.rules[0].maxBidPercent', 'policy.rules[1].id', 'policy.rules[1].timeZone'],
      ...['policy.rules[2].currency', 'policy.rules[3].exemptions[0]'],
    ]);
    const shape = await call('PUT', '/v1/policy', {
      policy: { rules: [{ id: 'a', kind: 'odd' }] },
    });
    expect(shape.status).toBe(400);
    const lost = { ...base, id: 'l', kind: 'block_list', attribute: 'geo', values: [] };
    const scoped = { rules: [{ ...lost, scope: { budgetId: 'nowhere' } }] };
    expect((await call('PUT', '/v1/policy', { policy: scoped })).body).toMatchObject({
      code: 'policy_invalid',
    });
  });

  it('denies holds, says why, and knows the customer by a pseudonym only', async () => {
    const customerId = 'customer-canary-4711';
    const denied = await hold('p1', { geo: 'FR', customerId });
    expect(denied).toMatchObject({
      ...{ decision: 'denied', reason: 'policy_denied' },
      denial: {
        ...{ ruleId: 'places', policyVersion: 1, budgetId: 'main', capId: null },
        values: { rule: 'allow_list', geo: 'FR' },
      },
    });
    expect(await hold('p1', { geo: 'FR', customerId })).toEqual(denied);
    const sane = { geo: 'US-CA', predictedLtvMicros: 10n };
    expect((await hold('p2', { ...sane, bidMicros: 5n })).decision).toBe('approved');
    expect((await hold('p3', { ...sane, bidMicros: 6n })).denial?.ruleId).toBe('sane');
    const why = await policy.why(T, 'p3');
    expect(why).toMatchObject({
      policyVersion: 1,
      rules: [
        { ruleId: 'places', outcome: 'passed' },
        { ruleId: 'sane', outcome: 'denied', values: { bidMicros: '6', maxBidPercent: '50' } },
        { ruleId: 'night', outcome: 'not_reached' },
      ],
      caps: [{ budgetId: 'main', isDenier: false, now: { limitMicros: 1_000 } }],
    });
    expect((await call('GET', '/v1/holds/nowhere/why')).status).toBe(404);
    const { rows } = await db.database.pool.query<{ found: string }>(
      `SELECT (SELECT count(*) FROM syncshield.holds h WHERE h::text LIKE '%' || $1 || '%')
            + (SELECT count(*) FROM syncshield.audit_bundles a WHERE a::text LIKE '%' || $1 || '%')
           AS found, (SELECT context FROM syncshield.holds WHERE id = 'p1') AS context`,
      [customerId],
    );
    expect(rows).toMatchObject([{ found: 0n, context: expect.stringMatching(/"subject":"sub_/) }]);
  });

  it('is asked by the short question too, which holds, counts and makes nothing', async () => {
    const check = async (query: string) =>
      (await call('GET', `/check?budgetId=main&amountMicros=5&${query}`)).body;
    const before = await shield.getBudget(T, 'main');
    expect(await check('geo=FR')).toMatchObject({
      ...{ isAdvice: true, allowed: false, reason: 'policy_denied', policyVersion: 1 },
      denial: { ruleId: 'places', policyVersion: 1, values: { rule: 'allow_list', geo: 'FR' } },
    });
    expect(await check('geo=US-CA&predictedLtvMicros=10&bidMicros=6')).toMatchObject({
      denial: { ruleId: 'sane', values: { bidMicros: '6' } },
    });
    expect(await check('geo=US-CA&predictedLtvMicros=10&bidMicros=5&customerId=nobody')).toEqual({
      ...{ isAdvice: true, allowed: true, reason: 'within_limits', policyVersion: 1, denial: null },
      headroomMicros: 999,
    });
    expect(await check('')).toMatchObject({ denial: { ruleId: 'places' } });
    expect(await check('geo=Germany')).toMatchObject({ fields: [{ field: 'geo' }] });
    expect(await shield.getBudget(T, 'main')).toEqual(before);
  });

  it('is tried on past decisions before it is in force', async () => {
    const stricter: PolicyInput = { rules: [{ ...RULES.rules[1]!, maxBidPercent: 49 } as never] };
    const report = await policy.dryRun(T, stricter, { days: 1 });
    expect(report).toMatchObject({
      ...{ decisions: 3, isComplete: true, approvedThen: { count: 1 }, deniedThen: { count: 2 } },
      newlyDenied: { count: 1, micros: { EUR: 1 } },
      noLongerDenied: { count: 1 },
      rules: [{ ruleId: 'sane', examples: ['p2'] }],
    });
  });

  it('waits for a second key where it would let more pass, and takes an appeal', async () => {
    const weaker = await policy.putPolicy(T, { rules: RULES.rules.slice(1) });
    if (!weaker.isPending) throw new Error('it was made by one key');
    const { approvalId } = weaker.approval;
    const own = await call('POST', `/v1/approvals/${approvalId}/approve`, {});
    expect(own).toMatchObject({ status: 422, body: { code: 'approval_by_requester' } });
    await second.reject(T, approvalId, 'no');
    const appeal = await policy.appeal(T, 'p1', { reason: 'a trial in France' });
    expect(appeal).toMatchObject({ state: 'pending', action: 'grant_exemption', target: 'places' });
    expect(await second.pendingApprovals(T)).toMatchObject([{ approvalId: appeal.approvalId }]);
    await second.approve(T, appeal.approvalId);
    expect((await policy.getPolicy(T)).policy.rules[0]?.exemptions).toMatchObject([
      { geo: 'FR', budgetId: 'main', reason: 'a trial in France' },
    ]);
    expect((await hold('p4', { geo: 'FR' })).decision).toBe('approved');
    expect((await hold('p5', { geo: 'BE' })).decision).toBe('denied');
    const done = await call('POST', '/v1/holds/p2/appeal', { reason: 'x' });
    expect(done).toMatchObject({ status: 422, body: { code: 'appeal_not_possible' } });
  });

  it('keeps a raised limit for a second key', async () => {
    const caps = [{ kind: 'total' as const, limitMicros: 2_000n }];
    await expect(shield.replaceCaps(T, 'main', caps)).rejects.toMatchObject({
      code: 'approval_required',
    });
    const raw = await call('PUT', '/v1/budgets/main/caps', {
      caps: [{ kind: 'total', limitMicros: 2_000 }],
    });
    expect(raw).toMatchObject({ status: 202, body: { action: 'raise_limit', state: 'pending' } });
    await second.approve(T, String(raw.body['approvalId']));
    expect((await shield.getBudget(T, 'main')).caps[0]?.limitMicros).toBe(2_000n);
    const lower = [{ kind: 'total' as const, limitMicros: 500n }];
    expect((await shield.replaceCaps(T, 'main', lower)).caps[0]?.limitMicros).toBe(500n);
  });

  it('is stopped by a kill switch, which two keys lift', async () => {
    const on = await policy.kill(T, { reason: 'odd spend', budgetId: 'main' });
    expect(on).toMatchObject({ isActive: true, budgetId: 'main', reason: 'odd spend' });
    expect(await policy.kill(T, { reason: 'again', budgetId: 'main' })).toEqual(on);
    expect(await hold('p6', { geo: 'DE' })).toMatchObject({
      ...{ decision: 'denied', reason: 'kill_switch' },
      denial: { budgetId: 'main', values: { killSwitchId: on.id, scope: 'budget' } },
    });
    const check = { budgetId: 'main', amountMicros: 1n, currency: 'EUR' };
    expect(await shield.check(T, check)).toMatchObject({ isAllowed: false, reason: 'kill_switch' });
    expect(await policy.activeKillSwitches(T)).toEqual([on]);
    const lift = await policy.lift(T, on.id, 'all is well');
    if (!lift.isPending) throw new Error('it was lifted by one key');
    await second.approve(T, lift.approval.approvalId);
    expect(await policy.activeKillSwitches(T)).toEqual([]);
    expect((await hold('p7', { geo: 'DE' })).decision).toBe('approved');
    const metrics = await waitFor(async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return /kiki_syncshield_kill_switches_active 0/.test(text) && text;
    });
    expect(metrics).toMatch(/holds_total\{decision="denied",reason="kill_switch"\} 1/);
    expect(metrics).toMatch(/policy_denials_total\{rule="allow_list"\} [1-9]/);
    expect(metrics).toMatch(/policies_in_force 1/);
  });

  it('takes acquisitions once', async () => {
    const acquisitions = [{ id: 'q1', budgetId: 'main', count: 1 }];
    expect(await policy.recordAcquisitions(T, acquisitions)).toEqual({ recorded: 1, repeated: 0 });
    expect(await policy.recordAcquisitions(T, acquisitions)).toEqual({ recorded: 0, repeated: 1 });
    const lost = { acquisitions: [{ id: 'q2', budgetId: 'nowhere' }] };
    expect((await call('POST', '/v1/acquisitions', lost)).body).toMatchObject({
      ...{ code: 'budget_not_found', fields: [{ field: 'acquisitions[0].budgetId' }] },
    });
  });
});
