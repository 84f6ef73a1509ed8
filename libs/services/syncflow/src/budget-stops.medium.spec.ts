/**
 * Goal: what happens to a budget at SyncShield stops its campaigns at SyncFlow within a second, and lets them go on when
 * told, whatever comes twice or in another order. Method: both services as a process starts them, on PostgreSQL; events
 * of one budget in random orders against the same events in order.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { SeededRandom, SystemClock } from '@kiki/kernel';
import { PostgresDatabase } from '@kiki/postgres';
import { syncshieldDefinition } from '@kiki/service-syncshield';
import { createTestDatabase, testSeed, waitFor, type TestDatabase } from '@kiki/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresBudgetStops } from './adapters/postgres/postgres-budget-stops.js';
import { StoppingSpendAuthority } from './adapters/shield/stopping-spend-authority.js';
import { SpendAuthority, type HoldRequest } from './application/spend-authority.js';
import type { BudgetEvent } from './domain/budget-stop.js';
import { syncflowDefinition } from './syncflow.definition.js';

const T = 'default';
const home = mkdtempSync(join(tmpdir(), 'kiki-stops-'));
let db: TestDatabase;
let host: Host;
let flow: PostgresDatabase;
let stops: PostgresBudgetStops;
let shield: SyncShieldClient;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = { DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' };
  host = await start([syncshieldDefinition, syncflowDefinition], { environment, portBase: 0 });
  const headers = { authorization: `Bearer ${host.firstKey}` };
  const baseUrl = host.service('syncshield').httpUrl;
  shield = new SyncShieldClient({ baseUrl, headers: () => headers });
  flow = new PostgresDatabase({ connection: db.connection, schema: 'syncflow', max: 2 });
  stops = new PostgresBudgetStops(flow, new SystemClock());
}, 60_000);

afterAll(async () => {
  await flow?.close();
  await host?.stop();
  await db?.drop();
  rmSync(home, { recursive: true });
});

const causeOf = async (budgetId: string): Promise<string | undefined> =>
  (await stops.active(T, [budgetId])).get(budgetId)?.cause;

/** Captures more than was held, and says when that was acknowledged. */
async function overspend(id: string, budgetId: string, amountMicros: bigint): Promise<number> {
  await shield.hold(T, { id, budgetId, amountMicros: 1n, currency: 'EUR' });
  await shield.capture(T, id, 's', amountMicros);
  return performance.now();
}

describe('budgets that SyncShield stops', () => {
  it('stop their campaigns, and those below them, within a second, until they are resumed', async () => {
    const caps = [{ kind: 'total' as const, limitMicros: 1_000n }];
    const make = (id: string, parentId?: string) =>
      shield.createBudget(T, {
        id,
        name: id,
        currency: 'EUR',
        caps,
        ...(parentId ? { parentId } : {}),
      });
    await make('root');
    await make('leaf', 'root');
    await make('other', 'root');
    const ackedMs = await overspend('h1', 'leaf', 1_500n);
    await waitFor(async () => (await causeOf('leaf')) === 'pause', { timeoutMs: 5_000 });
    expect(performance.now() - ackedMs).toBeLessThan(1_000);
    await waitFor(async () => (await causeOf('other')) === 'cap', { timeoutMs: 5_000 });
    await shield.replaceCaps(T, 'root', [{ kind: 'total', limitMicros: 10_000n }]);
    await waitFor(async () => (await causeOf('other')) === undefined, { timeoutMs: 5_000 });
    expect(await causeOf('leaf')).toBe('pause');
    await shield.resumeBudget(T, 'leaf');
    await waitFor(async () => (await causeOf('leaf')) === undefined, { timeoutMs: 5_000 });
  });

  it('come to the same whatever the order and the number of the events', async () => {
    const random = new SeededRandom(testSeed());
    const types = ['budget.paused', 'budget.resumed', 'budget.caps_replaced', 'budget.threshold'];
    const data = { kind: 'total', capId: 't', spentMicros: 1, enforcedMicros: 1, windowTo: null };
    for (let run = 0; run < 30; run++) {
      const events = Array.from({ length: 6 }, (_, i): BudgetEvent => {
        const type = types[random.nextInt(types.length)] ?? '';
        return { seq: i + 1, type, budgetId: `b${run}`, data };
      });
      const shuffled = [...events, ...events].sort(() => random.nextDouble() - 0.5);
      for (const event of events) await stops.apply('ordered', event, [`b${run}`]);
      for (const event of shuffled) await stops.apply('shuffled', event, [`b${run}`]);
      const of = async (tenant: string) => (await stops.active(tenant, [`b${run}`])).size;
      expect(await of('shuffled')).toBe(await of('ordered'));
    }
  });

  it('end with the window of their cap', async () => {
    const data = { kind: 'calendar_day', capId: 'd', spentMicros: 1, enforcedMicros: 1 };
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const event = { seq: 1, type: 'budget.threshold', budgetId: 'day' };
    await stops.apply(T, { ...event, data: { ...data, windowTo: at(60_000) } }, ['day']);
    expect(await causeOf('day')).toBe('cap');
    await stops.apply(T, { ...event, seq: 2, data: { ...data, windowTo: at(-1) } }, ['day']);
    expect(await causeOf('day')).toBeUndefined();
  });

  it('are not asked for money; others are, and a kill switch stops all', async () => {
    const asked: string[] = [];
    const inner = new (class extends SpendAuthority {
      override hold = (_tenant: string, requests: readonly HoldRequest[]) => {
        asked.push(...requests.map(({ id }) => id));
        return Promise.resolve(requests.map(({ id }) => ({ id, isApproved: true, reason: 'ok' })));
      };
      override settle = () => Promise.resolve([]);
    })();
    const authority = new StoppingSpendAuthority(inner, stops);
    await stops.apply('t2', { seq: 1, type: 'budget.paused', budgetId: 'a', data: {} }, ['a']);
    const request = {
      amountMicros: 1n,
      currency: 'EUR',
      expiresInMs: 1,
      graceMs: 0,
      reference: '',
    };
    const both = ['a', 'b'].map((id) => ({ ...request, id, budgetId: id }));
    expect(await authority.hold('t2', both)).toEqual([
      { id: 'a', isApproved: false, reason: 'stopped_pause' },
      { id: 'b', isApproved: true, reason: 'ok' },
    ]);
    expect(asked).toEqual(['b']);
    const kill = { type: 'kill_switch.set', budgetId: null, data: { killSwitchId: '1' } };
    await stops.apply('t2', { seq: 2, ...kill }, ['*']);
    expect((await authority.hold('t2', both)).map(({ reason }) => reason)).toEqual([
      'stopped_kill',
      'stopped_kill',
    ]);
  });
});
