/**
 * Goal: pacing, statements and exports say what the ledger holds, now, in one call. Method: the real service on a real
 * PostgreSQL; time that has passed is written into the notes of spend and into settlements by hand.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { PostgresDatabase } from '@kiki/postgres';
import { createTestDatabase, waitFor, type TestDatabase } from '@kiki/testing';
import { syncshieldDefinition } from './index.js';

const home = mkdtempSync(join(tmpdir(), 'kiki-pacing-'));
const T = 'default';
const HOUR = 3_600_000;
let db: TestDatabase;
let ledger: PostgresDatabase;
let host: Host;
let url: string;
let shield: SyncShieldClient;
let headers: Record<string, string>;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = {
    ...{ DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' },
    SYNCSHIELD_SAMPLE_INTERVAL_MS: '100',
  };
  host = await start([syncshieldDefinition], { environment, portBase: 0 });
  ledger = new PostgresDatabase({ connection: db.connection, schema: 'syncshield', max: 2 });
  url = host.service('syncshield').httpUrl;
  headers = { authorization: `Bearer ${host.firstKey}` };
  shield = new SyncShieldClient({ baseUrl: url, headers: () => headers });
});

afterAll(async () => {
  await ledger?.close();
  await host?.stop();
  await db.drop();
  rmSync(home, { recursive: true });
});

type Json = Record<string, unknown>;

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Json }> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Json };
}

let serial = 0;
async function spend(budgetId: string, amountMicros: bigint): Promise<string> {
  const id = `h${serial++}`;
  await shield.hold(T, { id, budgetId, amountMicros, currency: 'EUR' });
  await shield.capture(T, id, 's', amountMicros);
  return id;
}

/** Lets a budget have spent evenly for three hours, as the notes of every five minutes say. */
async function age(budgetId: string, perHour: number): Promise<void> {
  const [row] = await ledger.query<{ budget_no: bigint }>(
    'SELECT budget_no FROM budgets WHERE id = $1',
    [budgetId],
  );
  const [now] = await ledger.query<{ spent: bigint }>(
    `SELECT k.spent FROM cap_counters k JOIN caps c USING (tenant, cap_no) WHERE c.budget_no = $1 AND c.is_meter`,
    [row!.budget_no],
  );
  const nowMs = Date.now();
  await ledger.execute('DELETE FROM spend_samples WHERE budget_no = $1', [row!.budget_no]);
  await ledger.execute('UPDATE budgets SET created_ms = $2 WHERE budget_no = $1', [
    row!.budget_no,
    nowMs - 3 * HOUR,
  ]);
  for (let agoMs = 3 * HOUR; agoMs >= 0; agoMs -= 100_000) {
    const spent = Number(now!.spent) - Math.round((perHour * agoMs) / HOUR);
    await ledger.execute('INSERT INTO spend_samples VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
      ...[row!.budget_no, nowMs - agoMs, BigInt(Math.max(0, spent))],
    ]);
  }
}

describe('pacing', () => {
  it('tells rates, the plan, what is left on the whole path and when it is used up', async () => {
    const caps = [{ kind: 'total' as const, limitMicros: 100_000n }];
    await shield.createBudget(T, { id: 'root', name: 'root', currency: 'EUR', caps });
    await shield.createBudget(T, {
      ...{ id: 'leaf', name: 'leaf', parentId: 'root', currency: 'EUR' },
      caps: [
        { kind: 'total', limitMicros: 200_000n },
        { kind: 'total', id: 'holds', limitActions: 10 },
      ],
    });
    await spend('leaf', 40_000n);
    await shield.hold(T, { id: 'open', budgetId: 'leaf', amountMicros: 10_000n, currency: 'EUR' });
    await age('root', 10_000);
    await age('leaf', 10_000);
    const { body } = await call('GET', '/v1/budgets/leaf/pacing');
    expect(body).toMatchObject({
      spentMicros: 40_000,
      heldMicros: 10_000,
      plan: null,
      isPaused: false,
    });
    expect(body['ratePerHourMicros']).toBeGreaterThan(9_000);
    expect(body['ratePerHourMicros']).toBeLessThan(11_000);
    const burn = body['burn'] as { windowMs: number; perHourMicros: number }[];
    expect(burn.map(({ windowMs }) => windowMs)).toEqual([300_000, HOUR, 24 * HOUR]);
    expect(Math.abs(burn[1]!.perHourMicros - 10_000)).toBeLessThan(500);
    expect(body['caps']).toMatchObject([
      { budgetId: 'leaf', capId: 'total', headroomMicros: 150_000, limitActions: null },
      { budgetId: 'leaf', capId: 'holds', headroomActions: 8, limitMicros: null },
      { budgetId: 'root', capId: 'total', headroomMicros: 50_000 },
    ]);
    const { at, budgetId } = body['projectedExhaustion'] as { at: string; budgetId: string };
    expect(budgetId).toBe('root');
    expect(Math.abs((Date.parse(at) - Date.now()) / HOUR - 5)).toBeLessThan(0.6);
    expect(Math.abs(Date.parse(body['asOf'] as string) - Date.now())).toBeLessThan(1_000);
  });

  it('is of what was acknowledged a moment ago, and notes it', async () => {
    await shield.createBudget(T, {
      id: 'fresh',
      name: 'f',
      currency: 'EUR',
      caps: [{ kind: 'calendar_day', limitMicros: 1_000n }],
    });
    for (let i = 1; i <= 20; i++) {
      await spend('fresh', 10n);
      expect((await call('GET', '/v1/budgets/fresh/pacing')).body['spentMicros']).toBe(i * 10);
    }
    await waitFor(async () => {
      const [row] = await ledger.query<{ spent: bigint }>(
        `SELECT max(spent_micros) AS spent FROM spend_samples JOIN budgets USING (budget_no) WHERE id = 'fresh'`,
      );
      return row?.spent === 200n;
    });
  });

  it('follows the plan that is set, and says what is wrong with one', async () => {
    const { body: before } = await call('GET', '/v1/budgets/fresh/pacing');
    expect(before['plan']).toMatchObject({
      capId: 'calendar_day',
      isDefault: true,
      limitMicros: 1_000,
    });
    const weights = Array.from({ length: 24 }, (_, hour) => (hour === 0 ? 1 : 0));
    await call('PUT', '/v1/budgets/fresh/plan', {
      capId: 'calendar_day',
      weights: weights.toReversed(),
    });
    const { body: late } = await call('PUT', '/v1/budgets/fresh/plan', {
      capId: 'calendar_day',
      weights,
    });
    const isFirstHour = new Date().getUTCHours() === 0;
    expect(late['plan']).toMatchObject({
      isDefault: false,
      ...(isFirstHour ? {} : { plannedMicros: 1_000, aheadMicros: -800 }),
    });
    const { body: back } = await call('DELETE', '/v1/budgets/fresh/plan');
    expect(back['plan']).toMatchObject({ isDefault: true });
    const from = new Date(Date.now() - HOUR).toISOString();
    const to = new Date(Date.now() + HOUR).toISOString();
    const { body: total } = await call('PUT', '/v1/budgets/leaf/plan', {
      capId: 'total',
      from,
      to,
    });
    const { plannedMicros } = total['plan'] as { plannedMicros: number };
    expect(Math.abs(plannedMicros - 100_000)).toBeLessThan(1_000);
    for (const plan of [{ capId: 'nowhere' }, { capId: 'holds' }, { capId: 'total' }]) {
      expect((await call('PUT', '/v1/budgets/leaf/plan', plan)).body).toMatchObject({
        code: 'plan_invalid',
      });
    }
    expect((await call('GET', '/v1/budgets/nowhere/pacing')).status).toBe(404);
  });
});

describe('a statement', () => {
  it('adds up from opening to closing, by day and kind, and the position conserves money', async () => {
    const caps = [{ kind: 'total' as const, limitMicros: 1_000n }];
    await shield.createBudget(T, { id: 'book', name: 'b', currency: 'EUR', caps });
    const old = await spend('book', 100n);
    const day = Date.parse('2026-03-10T23:30:00Z');
    await ledger.execute('UPDATE settlements SET settled_ms = $2 WHERE hold_id = $1', [
      old,
      day - 30 * 24 * HOUR,
    ]);
    const inside = await spend('book', 70n);
    await ledger.execute('UPDATE settlements SET settled_ms = $2 WHERE hold_id = $1', [
      inside,
      day,
    ]);
    await shield.hold(T, { id: 'late', budgetId: 'book', amountMicros: 1n, currency: 'EUR' });
    await shield.capture(T, 'late', 's', 31n);
    await shield.refund(T, 'late', 'r', 11n);
    await call('POST', '/v1/budgets/book/external-spend', {
      reports: [
        { source: 'ads', day: '2026-03-09', currency: 'EUR', amountMicros: 500, version: 1 },
      ],
    });
    const query = 'from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z';
    const { body: march } = await call(
      'GET',
      `/v1/budgets/book/statement?${query}&timeZone=Europe/Berlin`,
    );
    expect(march).toMatchObject({
      ...{ openingMicros: 100, closingMicros: 170 },
      days: [{ day: '2026-03-11', capturedMicros: 70, netMicros: 70 }],
    });
    const to = new Date(Date.now() + HOUR).toISOString();
    const { body: year } = await call(
      'GET',
      `/v1/budgets/book/statement?from=2026-01-01T00:00:00Z&to=${to}`,
    );
    const days = year['days'] as Record<string, number>[];
    expect(year).toMatchObject({ openingMicros: 0, closingMicros: 690 });
    expect(days.at(-1)).toMatchObject({
      capturedMicros: 1,
      lateMicros: 30,
      refundedMicros: 11,
      externalMicros: 500,
    });
    expect(days.reduce((sum, { netMicros = 0 }) => sum + netMicros, 0)).toBe(690);
    const {
      caps: [cap],
    } = year['position'] as { caps: [Record<string, number>] };
    expect(cap['limitMicros']! + cap['excessMicros']!).toBe(
      cap['spentMicros']! + cap['heldMicros']! + cap['freeMicros']!,
    );
    const bad = await call('GET', `/v1/budgets/book/statement?from=${to}&to=2026-01-01T00:00:00Z`);
    expect(bad.status).toBe(400);
  });
});

describe('an export', () => {
  it('has every row once, over pages and levels, without taking memory', async () => {
    const caps = [{ kind: 'total' as const, limitMicros: 10_000_000n }];
    await shield.createBudget(T, { id: 'big', name: 'b', currency: 'EUR', caps });
    await shield.createBudget(T, {
      id: 'below',
      name: 'b',
      parentId: 'big',
      currency: 'EUR',
      caps,
    });
    const ids = Array.from({ length: 2_500 }, (_, i) => `x${i}`);
    const holds = ids.map((id, i) => ({
      id,
      budgetId: i % 3 ? 'big' : 'below',
      amountMicros: 10n,
      currency: 'EUR',
    }));
    await shield.holdBatch(T, holds);
    await shield.settleBatch(
      T,
      ids.map((holdId) => ({
        holdId,
        settlementId: 's',
        action: 'capture' as const,
        amountMicros: 7n,
      })),
    );
    for (const kind of ['holds', 'settlements']) {
      const answer = await fetch(`${url}/v1/budgets/big/export?kind=${kind}`, { headers });
      expect(answer.headers.get('content-type')).toContain('application/x-ndjson');
      const rows = (await answer.text())
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Json);
      expect(new Set(rows.map(({ holdId }) => holdId))).toEqual(new Set(ids));
      expect(rows).toHaveLength(ids.length);
      expect(rows[0]).toMatchObject({ capturedMicros: 7, currency: 'EUR' });
    }
    const csv = await fetch(`${url}/v1/budgets/below/export?kind=holds&format=csv`, { headers });
    expect((await csv.text()).trimEnd().split('\r\n')).toHaveLength(1 + Math.ceil(ids.length / 3));
    const none = await fetch(`${url}/v1/budgets/big/export?kind=entries`, { headers });
    expect([none.status, await none.text()]).toEqual([200, '']);
    expect((await call('GET', '/v1/budgets/nowhere/export?kind=holds')).status).toBe(404);
  });
});
