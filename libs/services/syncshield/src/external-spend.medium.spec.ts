/**
 * Goal: what platforms report counts against the caps of its day, once per key whatever is repeated or restated, also
 * over a crash between the report and its entry. Method: the real service on a real PostgreSQL; reports left open by
 * hand stand for the crash; counters are counted anew.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { PostgresDatabase } from '@kiki/postgres';
import { createTestDatabase, waitFor, type TestDatabase } from '@kiki/testing';
import { recount } from './adapters/postgres/recount.js';
import { syncshieldDefinition } from './index.js';

const home = mkdtempSync(join(tmpdir(), 'kiki-external-'));
const T = 'default';
let db: TestDatabase;
let ledger: PostgresDatabase;
let host: Host;
let url: string;
let shield: SyncShieldClient;
let headers: Record<string, string>;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = { DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' };
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

interface Result {
  readonly status: string;
  readonly deltaMicros: number;
  readonly entryId: string | null;
  readonly overMicros: number;
  readonly error: { readonly code: string } | null;
}

const today = new Date().toISOString().slice(0, 10);
const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
const report = (over: Record<string, unknown>) => ({
  ...{ source: 'ads', day: today, currency: 'EUR', amountMicros: 0, version: 1 },
  ...over,
});

async function call(path: string, body?: unknown): Promise<{ status: number; body: never }> {
  const answer = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as never };
}

async function send(id: string, ...reports: Record<string, unknown>[]): Promise<Result[]> {
  const { status, body } = await call(`/v1/budgets/${id}/external-spend`, {
    reports: reports.map(report),
  });
  expect([status, body]).toEqual([200, body]);
  return (body as { results: Result[] }).results;
}

const budget = (id: string, limitMicros: bigint, pausesOnExternal = false) =>
  shield.createBudget(T, {
    ...{ id, name: id, currency: 'EUR', pausesOnExternal },
    caps: [
      { kind: 'total', limitMicros },
      { kind: 'calendar_day', limitMicros },
    ],
  });

async function spentOf(id: string): Promise<{ total: bigint; day: bigint }> {
  const { spentMicros, caps } = await shield.getBudget(T, id);
  return {
    total: spentMicros,
    day: caps.find(({ id: cap }) => cap === 'calendar_day')!.spentMicros!,
  };
}

describe('external spend', () => {
  it('counts the newest amount of each key in the slots of its day, down as well as up', async () => {
    await budget('days', 10_000n);
    const first = await send('days', { amountMicros: 400 }, { day: yesterday, amountMicros: 50 });
    expect(first.map(({ status, deltaMicros }) => [status, deltaMicros])).toEqual([
      ['recorded', 400],
      ['recorded', 50],
    ]);
    expect(await spentOf('days')).toEqual({ total: 450n, day: 400n });
    expect(await send('days', { amountMicros: 400 }, { day: yesterday, amountMicros: 50 })).toEqual(
      first,
    );
    const [lower] = await send('days', { amountMicros: 300, version: 2 });
    expect(lower).toMatchObject({ status: 'recorded', deltaMicros: -100 });
    expect(await send('days', { amountMicros: 400 })).toMatchObject([{ status: 'superseded' }]);
    expect(await send('days', { amountMicros: 300, version: 3 })).toMatchObject([
      { status: 'unchanged' },
    ]);
    const [conflict] = await send('days', { amountMicros: 301, version: 3 });
    expect(conflict).toMatchObject({ status: 'failed', error: { code: 'idempotency_conflict' } });
    expect(await spentOf('days')).toEqual({ total: 350n, day: 300n });
  });

  it('keeps keys apart, and what holds have counted out of the ledger', async () => {
    await budget('keys', 10_000n);
    await send(
      'keys',
      { amountMicros: 10, account: 'a' },
      { amountMicros: 20, account: 'b' },
      { amountMicros: 40, account: 'b', campaignRef: 'c' },
      { amountMicros: 80, source: 'other' },
      { amountMicros: 1_000, source: 'covered', isCoveredByHolds: true },
      {
        amountMicros: 160,
        day: undefined,
        from: `${yesterday}T10:00:00Z`,
        to: `${yesterday}T11:00:00Z`,
      },
      { amountMicros: 30, account: 'a', version: 2 },
    );
    expect(await spentOf('keys')).toEqual({ total: 330n, day: 170n });
    const page = await call('/v1/budgets/keys/external-spend?limit=2');
    const { items, nextCursor } = page.body as { items: unknown[]; nextCursor: string };
    const rest = await call(`/v1/budgets/keys/external-spend?cursor=${nextCursor}`);
    const all = [...items, ...(rest.body as { items: unknown[] }).items];
    expect(items).toHaveLength(2);
    expect(new Set(all.map((item) => JSON.stringify(item))).size).toBe(6);
    expect(all).toContainEqual(expect.objectContaining({ from: `${yesterday}T10:00:00.000Z` }));
    const covered = { source: 'covered', amountMicros: 1_000, countedMicros: 0 };
    expect(all).toContainEqual(expect.objectContaining(covered));
    const [toHolds] = await send('keys', {
      amountMicros: 80,
      source: 'other',
      isCoveredByHolds: true,
      version: 2,
    });
    expect(toHolds).toMatchObject({ status: 'recorded', deltaMicros: -80 });
  });

  it('above a limit is recorded, told, and pauses only where the budget says so', async () => {
    await budget('told', 100n);
    await budget('stopped', 100n, true);
    for (const id of ['told', 'stopped']) {
      const [over] = await send(id, { amountMicros: 130 });
      expect(over).toMatchObject({ status: 'recorded', overMicros: 30 });
      expect((await send(id, { amountMicros: 130 }))[0]).toEqual(over);
      expect((await shield.getBudget(T, id)).isPaused).toBe(id === 'stopped');
      const events = await call(`/v1/events?budgetId=${id}`);
      const types = (events.body as { items: { type: string }[] }).items.map(({ type }) => type);
      const thresholds = types.filter((type) => type === 'budget.threshold');
      expect(thresholds).toHaveLength(8);
      expect(types.filter((type) => type === 'budget.breached')).toHaveLength(1);
      expect(types.includes('budget.paused')).toBe(id === 'stopped');
    }
  });

  it('of a crash before its entry is carried on, in order, once', async () => {
    await budget('crash', 1_000n);
    await send('crash', { amountMicros: 500 });
    const [row] = await ledger.query(`SELECT k.key_no, k.budget_no FROM external_keys k
      JOIN budgets b USING (budget_no) WHERE b.id = 'crash'`);
    const take = (version: number, delta: number) =>
      ledger.execute(
        `INSERT INTO external_reports (tenant, budget_no, key_no, version, amount_micros, is_covered, delta_micros,
                                       actor, taken_ms, is_applied)
         VALUES ('default', $1, $2, $3, $4, false, $5, 'test', 0, false)`,
        [row!['budget_no'] as bigint, row!['key_no'] as bigint, version, 500 + delta, delta],
      );
    await take(2, 200);
    await take(3, -650);
    await waitFor(async () => (await spentOf('crash')).total === 50n, { timeoutMs: 20_000 });
    const open = await ledger.query('SELECT 1 FROM external_reports WHERE NOT is_applied');
    expect(open).toEqual([]);
  });

  it('counts once, whoever reports at the same time', async () => {
    await budget('race', 1_000_000n);
    const versions = Array.from({ length: 40 }, (_, i) => ({
      amountMicros: (i * 37) % 101,
      version: i + 1,
    }));
    const all = [...versions, ...versions].sort(
      (a, b) => ((a.amountMicros * 7) % 13) - ((b.amountMicros * 7) % 13),
    );
    const answers = await Promise.all(all.map((one) => send('race', one)));
    expect(answers.flat().every(({ error }) => error === null)).toBe(true);
    expect((await spentOf('race')).total).toBe(BigInt(versions.at(-1)!.amountMicros));
    expect((await recount(ledger)).problems).toEqual([]);
  });

  it.each([
    [{ day: 'x' }, 'day'],
    [{ day: undefined }, 'day'],
    [{ timeZone: 'Mars/Base' }, 'timeZone'],
    [{ version: undefined }, 'version'],
    [{ day: '2999-01-01' }, 'day'],
    [{ currency: 'USD' }, 'currency'],
    [{ amountMicros: -1 }, 'amountMicros'],
    [{ day: undefined, from: '2026-01-01T00:00:00Z', to: '2026-03-01T00:00:00Z' }, 'to'],
  ])('is refused naming the field: %j', async (over, field) => {
    const refused = await call('/v1/budgets/days/external-spend', { reports: [report(over)] });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.status).toBeLessThan(500);
    expect(JSON.stringify(refused.body)).toContain(field);
    expect(
      (await call('/v1/budgets/nowhere/external-spend', { reports: [report({})] })).status,
    ).toBe(404);
  });
});
