/**
 * Goal: SyncShield's HTTP interface does what its contract says, and its client reads it.
 * Method: the real service on a real PostgreSQL, called by the client of the contract and by plain
 * requests.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { createTestDatabase, waitFor, type TestDatabase } from '@kiki/testing';
import { syncshieldDefinition } from './index.js';

const home = mkdtempSync(join(tmpdir(), 'kiki-shield-'));
const T = 'default';
let db: TestDatabase;
let host: Host;
let url: string;
let shield: SyncShieldClient;
let headers: Record<string, string>;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = {
    DATABASE_URL: db.url,
    KIKI_HOME: home,
    LOG_LEVEL: 'silent',
    SYNCSHIELD_SWEEP_INTERVAL_MS: '20',
    SYNCSHIELD_TOTALS_INTERVAL_MS: '100',
  };
  host = await start([syncshieldDefinition], { environment, portBase: 0 });
  url = host.service('syncshield').httpUrl;
  headers = { authorization: `Bearer ${host.firstKey}` };
  shield = new SyncShieldClient({ baseUrl: url, headers: () => headers });
});

afterAll(async () => {
  await host?.stop();
  await db.drop();
  rmSync(home, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function call(method: string, path: string, body?: unknown, key = headers): Promise<Answer> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { ...key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const budget = (id: string, limitMicros: bigint, parentId?: string) =>
  shield.createBudget(T, {
    id,
    name: id,
    currency: 'EUR',
    caps: [{ kind: 'total', limitMicros }],
    ...(parentId === undefined ? {} : { parentId }),
  });

describe('SyncShield over HTTP', () => {
  it('takes a hold from the question to the settlement', async () => {
    await budget('main', 1_000n);
    const ask = { id: 'h1', budgetId: 'main', amountMicros: 700n, currency: 'EUR' };
    const hold = await shield.hold(T, { ...ask, purpose: 'bid', reference: 'r-1' });
    expect(hold).toMatchObject({ decision: 'approved', state: 'held', denial: null });
    expect(hold.expiresAt!.getTime() - hold.decidedAt.getTime()).toBe(60_000);
    expect(hold.releaseAt!.getTime() - hold.decidedAt.getTime()).toBe(360_000);
    const denied = await shield.hold(T, { ...ask, id: 'h2' });
    expect(denied).toMatchObject({ decision: 'denied', reason: 'cap_exceeded', expiresAt: null });
    expect(denied.denial).toEqual({
      budgetId: 'main',
      capId: 'total',
      kind: 'total',
      limitMicros: 1_000n,
      spentMicros: 0n,
      heldMicros: 700n,
      headroomMicros: 300n,
      measure: 'micros',
      ...{ limitActions: null, usedActions: null, windowFrom: null, windowTo: null },
      ...{ ruleId: null, policyVersion: null, values: {} },
    });
    const settled = await shield.capture(T, 'h1', 's1', 400n);
    expect(settled).toMatchObject({ outcome: 'captured', capturedMicros: 400n, lateMicros: 0n });
    expect(await shield.capture(T, 'h1', 's1', 400n)).toEqual(settled);
    expect(await shield.getHold(T, 'h1')).toMatchObject({ state: 'captured' });
    expect(await shield.getBudget(T, 'main')).toMatchObject({
      spentMicros: 400n,
      heldMicros: 0n,
      caps: [{ id: 'total', kind: 'total', headroomMicros: 600n, timeZone: null, windowMs: null }],
    });
    const voided = await shield.hold(T, { ...ask, id: 'h3', amountMicros: 600n });
    expect(voided.decision).toBe('approved');
    expect((await shield.void(T, 'h3', 's1')).outcome).toBe('voided');
  });

  it('decides batches in order, each item with its own answer or error', async () => {
    await budget('batch', 10n);
    const item = { budgetId: 'batch', amountMicros: 6n, currency: 'EUR' };
    const results = await shield.holdBatch(T, [
      { ...item, id: 'b1' },
      { ...item, id: 'b2' },
      { ...item, id: 'b3', budgetId: 'nowhere' },
      { ...item, id: 'b4', currency: 'USD' },
      { ...item, id: 'b1', amountMicros: 5n },
      { ...item, id: 'b5', amountMicros: 4n },
    ]);
    const short = results.map((result) => (result.ok ? result.value.decision : result.error.code));
    expect(short).toEqual([
      'approved',
      'denied',
      'budget_not_found',
      'currency_mismatch',
      'idempotency_conflict',
      'approved',
    ]);
    const kinds = results.map((result) => (result.ok ? undefined : result.error.kind));
    expect(kinds).toEqual([
      undefined,
      undefined,
      'not_found',
      'unprocessable',
      'conflict',
      undefined,
    ]);
    const settlements = await shield.settleBatch(T, [
      { settlementId: 's', holdId: 'b1', action: 'capture', amountMicros: 2n },
      { settlementId: 's', holdId: 'b5', action: 'void' },
      { settlementId: 's', holdId: 'nothing', action: 'void' },
      { settlementId: 's', holdId: 'b2', action: 'void' },
    ]);
    expect(settlements.map((of) => (of.ok ? of.value.outcome : of.error.code))).toEqual([
      'captured',
      'voided',
      'hold_not_found',
      'already_settled',
    ]);
    expect(await shield.getBudget(T, 'batch')).toMatchObject({ spentMicros: 2n, heldMicros: 0n });
  });

  it('answers the short question by GET, and holds by POST', async () => {
    await budget('short', 5n);
    const query = { budgetId: 'short', amountMicros: 5n, currency: 'EUR' };
    const yes = { isAllowed: true, reason: 'within_limits', headroomMicros: 5n };
    expect(await shield.check(T, query)).toEqual(yes);
    expect(await call('GET', '/check?budgetId=short&amountMicros=6')).toEqual({
      status: 200,
      body: {
        ...{ isAdvice: true, allowed: false, reason: 'cap_exceeded', headroomMicros: 5 },
        policyVersion: null,
        denial: expect.objectContaining({ budgetId: 'short', capId: 'total', limitMicros: 5 }),
      },
    });
    const body = { id: 'c1', budgetId: 'short', amountMicros: 4, currency: 'EUR' };
    const held = { allowed: true, reason: 'within_limits', headroomMicros: 1, holdId: 'c1' };
    expect(await call('POST', '/check', body)).toEqual({ status: 200, body: held });
    expect(await call('POST', '/check', body)).toEqual({ status: 200, body: held });
    expect(await call('POST', '/check', { ...body, id: 'c2' })).toEqual({
      status: 200,
      body: { allowed: false, reason: 'cap_exceeded', headroomMicros: 1, holdId: 'c2' },
    });
  });

  it('keeps trees, pauses, caps of every kind, and pages', async () => {
    await budget('tree', 100n);
    await budget('tree-leaf', 50n, 'tree');
    const caps = [
      { kind: 'total', limitMicros: 90n },
      { kind: 'calendar_day', limitMicros: 20n, timeZone: 'Europe/Berlin' },
      { kind: 'sliding_window', limitMicros: 10n, windowMs: 60_000 },
      { kind: 'sliding_window', limitMicros: 15n, windowMs: 120_000 },
    ] as const;
    const replaced = await shield.replaceCaps(T, 'tree', caps);
    expect(replaced.caps.map(({ id, timeZone, windowMs }) => [id, timeZone, windowMs])).toEqual([
      ['total', null, null],
      ['calendar_day', 'Europe/Berlin', null],
      ['sliding_window', null, 60_000],
      ['sliding_window_2', null, 120_000],
    ]);
    const ask = { budgetId: 'tree-leaf', currency: 'EUR' };
    const denied = await shield.hold(T, { ...ask, id: 't1', amountMicros: 11n });
    expect(denied.denial).toMatchObject({ budgetId: 'tree', capId: 'sliding_window' });
    expect((await shield.pauseBudget(T, 'tree')).isPaused).toBe(true);
    const paused = await shield.hold(T, { ...ask, id: 't2', amountMicros: 1n });
    expect(paused).toMatchObject({
      reason: 'budget_paused',
      denial: { budgetId: 'tree', capId: null, kind: null, limitMicros: null },
    });
    expect((await shield.resumeBudget(T, 'tree')).isPaused).toBe(false);
    expect((await shield.hold(T, { ...ask, id: 't3', amountMicros: 1n })).decision).toBe(
      'approved',
    );

    const first = await call('GET', '/v1/holds?budgetId=tree-leaf&limit=2');
    expect(first.body['items']).toMatchObject([{ id: 't1' }, { id: 't2' }]);
    const cursor = encodeURIComponent(String(first.body['nextCursor']));
    const path = `/v1/holds?budgetId=tree-leaf&limit=2&cursor=${cursor}`;
    expect((await call('GET', path)).body).toMatchObject({
      items: [{ id: 't3' }],
      nextCursor: null,
    });
    const wrong = await call('GET', `/v1/holds?budgetId=tree&cursor=${cursor}`);
    expect(wrong).toMatchObject({ status: 400, body: { code: 'cursor_invalid' } });
    expect((await call('GET', '/v1/holds?budgetId=tree-leaf&state=held')).body).toMatchObject({
      items: [{ id: 't3' }],
    });
    const budgets = await call('GET', '/v1/budgets?limit=1');
    const next = encodeURIComponent(String(budgets.body['nextCursor']));
    expect(
      (await call('GET', `/v1/budgets?limit=200&cursor=${next}`)).body['nextCursor'],
    ).toBeNull();
  });

  it.each([
    ['a name that nobody knows', { colour: 'red' }, 'unknown_field', 'colour'],
    ['a fraction of a micro', { amountMicros: 1.5 }, 'money_not_integer', 'amountMicros'],
    ['nothing', { amountMicros: 0 }, 'money_out_of_range', 'amountMicros'],
    ['a negative amount', { amountMicros: -1 }, 'money_out_of_range', 'amountMicros'],
    ['too much to carry', { amountMicros: 2 ** 53 }, 'money_out_of_range', 'amountMicros'],
    ['an unknown currency', { currency: 'euro' }, 'currency_invalid', 'currency'],
    ['an id with a space', { id: 'a b' }, 'invalid_request', 'id'],
    ['broken Unicode', { id: 'a\ud800' }, 'invalid_request', 'id'],
    ['a control character', { purpose: 'a\u0000' }, 'invalid_request', 'purpose'],
    ['an endless hold', { expiresInMs: 2 ** 40 }, 'invalid_request', 'expiresInMs'],
  ])('refuses %s by name', async (_what, part, code, field) => {
    const body = { id: 'bad', budgetId: 'main', amountMicros: 1, currency: 'EUR', ...part };
    const answer = await call('POST', '/v1/holds', body);
    expect(answer).toMatchObject({ status: 400, body: { code, fields: [{ field }] } });
  });

  it('says what is wrong with a cap, a batch, a budget and a settlement', async () => {
    const body = {
      id: 'bad',
      name: 'bad',
      currency: 'EUR',
      caps: [
        { kind: 'calendar_day', limitMicros: 1, timeZone: 'Mars/Base', windowMs: 5 },
        { id: '$meter', kind: 'total', limitMicros: 1 },
        { id: 'x', kind: 'sliding_window', limitMicros: 1 },
        { id: 'x', kind: 'total', limitMicros: 1 },
      ],
    };
    const invalid = await call('POST', '/v1/budgets', body);
    expect(invalid).toMatchObject({ status: 400, body: { code: 'cap_invalid' } });
    const fields = (invalid.body['fields'] as { field: string }[]).map(({ field }) => field);
    expect(fields).toEqual([
      'caps[0].timeZone',
      'caps[0].windowMs',
      'caps[1].id',
      'caps[2].windowMs',
      'caps[3].id',
    ]);
    const one = { id: 'x', budgetId: 'main', amountMicros: 1, currency: 'EUR' };
    const holds = Array.from({ length: 1025 }, () => one);
    const large = await call('POST', '/v1/holds/batch', { holds });
    expect(large).toMatchObject({ status: 413, body: { code: 'batch_too_large' } });
    expect((await call('POST', '/v1/holds/batch', { holds: [] })).status).toBe(400);
    const missing = await call('GET', '/v1/budgets/nowhere');
    expect(missing).toMatchObject({ status: 404, body: { code: 'budget_not_found' } });
    const parent = await call('POST', '/v1/budgets', { ...body, caps: [], parentId: 'nowhere' });
    expect(parent).toMatchObject({ status: 422, body: { code: 'budget_parent_invalid' } });
    const other = await call('POST', '/v1/budgets', { ...body, id: 'main', caps: [] });
    expect(other).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
    const voided = { settlementId: 's', holdId: 'h1', action: 'void', amountMicros: 1 };
    const batch = await call('POST', '/v1/settlements/batch', { settlements: [voided] });
    expect(batch).toMatchObject({
      status: 400,
      body: { fields: [{ field: 'settlements[0].amountMicros' }] },
    });
    const conflict = await call('POST', '/v1/holds/h1/capture', { settlementId: 's1' });
    expect(conflict).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
  });

  it('lets a service hold money but not make budgets', async () => {
    const { key } = await host.auth.admin.createKey({
      tenant: T,
      name: 'a service',
      scopes: ['shield:write'],
    });
    const service = { authorization: `Bearer ${key}` };
    const hold = { id: 'scope', budgetId: 'main', amountMicros: 1, currency: 'EUR' };
    expect((await call('POST', '/v1/holds', hold, service)).status).toBe(200);
    const body = { id: 'no', name: 'no', currency: 'EUR', caps: [] };
    expect((await call('POST', '/v1/budgets', body, service)).status).toBe(403);
    expect((await call('POST', '/v1/budgets/main/pause', undefined, service)).status).toBe(403);
  });

  it('gives money back in the background and shows it in the metrics', async () => {
    await budget('quick', 5n);
    const ask = { budgetId: 'quick', amountMicros: 5n, currency: 'EUR' };
    await shield.hold(T, { ...ask, id: 'q1', expiresInMs: 30, graceMs: 0 });
    await waitFor(async () => (await shield.getHold(T, 'q1')).state === 'expired');
    expect((await shield.getBudget(T, 'quick')).heldMicros).toBe(0n);
    const late = await shield.capture(T, 'q1', 'late');
    expect(late).toMatchObject({ outcome: 'late_spend', lateMicros: 5n });
    const metrics = await waitFor(async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return /kiki_syncshield_spent_micros\{currency="EUR"\} [1-9]/.test(text) && text;
    });
    expect(metrics).toMatch(/holds_total\{decision="approved",reason="within_limits"\} \d/);
    expect(metrics).toMatch(/holds_total\{decision="denied",reason="cap_exceeded"\} \d/);
    expect(metrics).toMatch(/settlements_total\{outcome="late_spend"\} 1/);
    expect(metrics).toMatch(/holds_released_total [1-9]/);
    const ready = await call('GET', '/ready');
    expect(ready).toMatchObject({ status: 200, body: { checks: { ledger: { status: 'up' } } } });
  });

  it('shows the audit log, which nobody can change', async () => {
    const first = await call('GET', '/v1/audit?limit=3');
    const items = first.body['items'] as { seq: number; record: string }[];
    expect(items.map(({ seq }) => seq)).toEqual([0, 1, 2]);
    expect(JSON.parse(items[0]?.record ?? '')).toMatchObject({
      action: 'budget.created',
      budgetId: 'main',
    });
    expect(first.body['nextAfter']).toBe(2);
    const second = await call('GET', '/v1/audit?after=2&limit=1000');
    expect((second.body['items'] as unknown[]).length).toBeGreaterThan(10);
    expect(second.body['nextAfter']).toBeNull();
    for (const sql of [
      `UPDATE syncshield.audit_bundles SET records = ''`,
      'DELETE FROM syncshield.audit_bundles',
      'TRUNCATE syncshield.audit_bundles',
    ]) {
      await expect(db.database.execute(sql)).rejects.toThrow('append-only');
    }
  });
});
