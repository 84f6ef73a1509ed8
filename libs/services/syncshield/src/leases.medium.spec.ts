/**
 * Goal: leases are holds with an owner: sized, fenced, booked as totals, closed when their node is
 * silent, corrected when it comes back; and the client of the contract spends them.
 * Method: the real service on a real PostgreSQL with short times, called over HTTP.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  FileLeaseJournal,
  HttpLeases,
  LeaseClient,
  SyncShieldClient,
  type CapInput,
} from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { PostgresDatabase } from '@kiki/postgres';
import { createTestDatabase, waitFor, type TestDatabase } from '@kiki/testing';
import { recount, syncshieldDefinition } from './index.js';

const T = 'default';
/** Of the patient host nothing runs out while a test is looking; of the hasty one everything does. */
const PATIENT_MS = 60_000;
const TTL_MS = 1_500;
const GRACE_MS = 1_500;
const home = mkdtempSync(join(tmpdir(), 'kiki-leases-'));
let db: TestDatabase;
let host: Host;
let hasty: Host;
let url: string;
let hastyUrl: string;
let shield: SyncShieldClient;
let headers: Record<string, string>;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = {
    ...{ DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' },
    SYNCSHIELD_LEASE_TTL_MS: String(PATIENT_MS),
    SYNCSHIELD_LEASE_SWEEP_INTERVAL_MS: '20',
  };
  const times = {
    SYNCSHIELD_LEASE_TTL_MS: String(TTL_MS),
    SYNCSHIELD_LEASE_GRACE_MS: String(GRACE_MS),
  };
  host = await start([syncshieldDefinition], { environment, portBase: 0 });
  hasty = await start([syncshieldDefinition], {
    environment: { ...environment, ...times },
    portBase: 0,
  });
  hastyUrl = hasty.service('syncshield').httpUrl;
  url = host.service('syncshield').httpUrl;
  headers = { authorization: `Bearer ${host.firstKey}` };
  shield = new SyncShieldClient({ baseUrl: url, headers: () => headers });
});

afterAll(async () => {
  await hasty?.stop();
  await host?.stop();
  await db.drop();
  rmSync(home, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function call(method: string, path: string, body?: unknown, base = url): Promise<Answer> {
  const answer = await fetch(`${base}${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const ask = (id: string, budgetId: string, part: object = {}, base = url) => {
  const body = { id, budgetId, nodeId: 'n1', epoch: 5, askMicros: 1_000, ...part };
  return call('POST', '/v1/leases', body, base);
};
const show = async (id: string) => (await call('GET', `/v1/leases/${id}`)).body;
const total = (limitMicros: bigint): CapInput[] => [{ kind: 'total', limitMicros }];

async function budget(id: string, caps: readonly CapInput[], parentId?: string): Promise<void> {
  const above = parentId === undefined ? {} : { parentId };
  await shield.createBudget(T, { id, name: id, currency: 'EUR', caps, ...above });
}

async function expectCounted(): Promise<void> {
  const schema = host.service('syncshield').name;
  const database = new PostgresDatabase({ connection: db.connection, schema });
  expect(await recount(database, T)).toMatchObject({ overspendMicros: 0n, problems: [] });
  await database.close();
}

describe('leases over HTTP', () => {
  it('grants what was asked for, once per id, and books totals', async () => {
    await budget('main', total(100_000n));
    const granted = await ask('l1', 'main');
    expect(granted).toMatchObject({
      status: 200,
      body: { decision: 'granted', grantedMicros: 1_000, unreportedMicros: 250, ttlMs: PATIENT_MS },
    });
    expect(await ask('l1', 'main')).toEqual(granted);
    const conflict = await ask('l1', 'main', { askMicros: 2_000 });
    expect(conflict).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
    expect(await shield.getBudget(T, 'main')).toMatchObject({ heldMicros: 1_000n });
    const report = (spentMicros: number) =>
      call('POST', '/v1/leases/l1/report', { spentMicros }).then(({ body }) => body);
    expect(await report(200)).toMatchObject({ isOpen: true, bookedMicros: 200 });
    expect(await report(200)).toMatchObject({ bookedMicros: 200 });
    expect(await report(150)).toMatchObject({ bookedMicros: 200 });
    expect(await Promise.all([300, 350, 320, 350].map(report))).toHaveLength(4);
    expect(await report(0)).toMatchObject({ isOpen: true, bookedMicros: 350 });
    const released = await call('POST', '/v1/leases/l1/release', { spentMicros: 400 });
    expect(released.body).toMatchObject({ isOpen: false, bookedMicros: 400, lateMicros: 0 });
    expect(await report(390)).toMatchObject({ isOpen: false, bookedMicros: 400 });
    expect(await shield.getBudget(T, 'main')).toMatchObject({ spentMicros: 400n, heldMicros: 0n });
    expect(await show('l1')).toMatchObject({ state: 'released', sliceNo: 1, grantedMicros: 1_000 });
    await expectCounted();
  });

  it('cuts smaller slices near the end, then says use_holds, then cap_exceeded', async () => {
    await budget('end', total(8_000n));
    const decisions: unknown[] = [];
    for (let n = 0; n < 60; n++) {
      const { body } = await ask(`e${n}`, 'end', { askMicros: 5_000 });
      decisions.push(body['decision'] === 'granted' ? body['grantedMicros'] : body['reason']);
      await call('POST', `/v1/leases/e${n}/release`, { spentMicros: body['grantedMicros'] });
    }
    expect(decisions.slice(0, 3)).toEqual([1_000, 875, 765]);
    const first = decisions.indexOf('use_holds');
    expect(decisions.slice(first)).toEqual(decisions.slice(first).map(() => 'use_holds'));
    const { caps } = await shield.getBudget(T, 'end');
    expect(caps[0]!.headroomMicros).toBeLessThan(80n);
    const rest = { id: 'rest', budgetId: 'end', amountMicros: caps[0]!.headroomMicros ?? 0n };
    await shield.hold(T, { ...rest, currency: 'EUR' });
    expect((await ask('none', 'end')).body).toMatchObject({ reason: 'cap_exceeded' });
    expect(await call('POST', '/v1/leases/none/report', { spentMicros: 0 })).toMatchObject({
      status: 404,
      body: { code: 'lease_not_found' },
    });
  });

  it('says use_holds where a slice is not worth it and where actions are counted', async () => {
    await budget('parent', [{ kind: 'total', limitActions: 10 }]);
    await budget('child', total(1_000_000n), 'parent');
    expect((await ask('c1', 'child')).body).toMatchObject({ reason: 'use_holds' });
    await budget('small', total(1_000n));
    const large = await ask('s1', 'small', { atLeastMicros: 500 });
    expect(large.body).toMatchObject({ decision: 'granted', grantedMicros: 500 });
    const denied = await ask('s2', 'small', { atLeastMicros: 600 });
    expect(denied.body).toMatchObject({
      ...{ decision: 'refused', reason: 'use_holds', grantedMicros: 0 },
      denial: { capId: 'total', headroomMicros: 500 },
    });
    expect(await show('s2')).toMatchObject({ state: 'denied', expiresAt: null });
    await shield.pauseBudget(T, 'small');
    expect((await ask('s3', 'small')).body).toMatchObject({ reason: 'budget_paused' });
  });

  it('fences an earlier start of a node, but books what it spent', async () => {
    await budget('fence', total(100_000n));
    await ask('f1', 'fence', { epoch: 5 });
    expect((await ask('f2', 'fence', { epoch: 6 })).body['decision']).toBe('granted');
    const stale = await ask('f3', 'fence', { epoch: 5 });
    expect(stale.body).toMatchObject({ decision: 'refused', reason: 'epoch_stale', epoch: 6 });
    expect((await ask('f4', 'fence', { epoch: 1, nodeId: 'n2' })).body['decision']).toBe('granted');
    const late = await call('POST', '/v1/leases/f1/report', { spentMicros: 90 });
    expect(late.body).toMatchObject({ bookedMicros: 90 });
    expect((await ask('f1', 'fence', { epoch: 5 })).body['decision']).toBe('granted');
  });

  it('books what a silent node may have spent, frees the rest, and corrects it later', async () => {
    await budget('silent', total(100_000n));
    const started = performance.now();
    await ask('q1', 'silent', {}, hastyUrl);
    await ask('q2', 'silent', {}, hastyUrl);
    await call('POST', '/v1/leases/q1/report', { spentMicros: 100 });
    const closed = await waitFor(async () => {
      const lease = await show('q1');
      return lease['state'] === 'expired' && (await show('q2'))['state'] === 'expired' && lease;
    });
    expect(performance.now() - started).toBeGreaterThan(TTL_MS + GRACE_MS - 50);
    expect(closed).toMatchObject({ bookedMicros: 350, presumedMicros: 250, heldMicros: 0 });
    expect(await shield.getBudget(T, 'silent')).toMatchObject({
      spentMicros: 600n,
      heldMicros: 0n,
    });
    const last = await call('POST', '/v1/leases/q1/release', { spentMicros: 130 });
    expect(last.body).toMatchObject({ isOpen: false, bookedMicros: 130, lateMicros: 0 });
    expect(await call('POST', '/v1/leases/q1/release', { spentMicros: 130 })).toEqual(last);
    const over = await call('POST', '/v1/leases/q2/release', { spentMicros: 2_000 });
    expect(over.body).toMatchObject({ bookedMicros: 2_000, lateMicros: 1_750 });
    expect(await shield.getBudget(T, 'silent')).toMatchObject({ spentMicros: 2_130n });
    const texts = [url, hastyUrl].map(async (base) => (await fetch(`${base}/metrics`)).text());
    const metrics = (await Promise.all(texts)).join();
    expect(metrics).toMatch(/leases_expired_total [1-9]/);
    expect(metrics).toMatch(/lease_presumed_micros_total [1-9]/);
    await expectCounted();
  });

  it('reports many leases in one call, each with its own answer', async () => {
    await budget('many', total(100_000n));
    await ask('m1', 'many');
    await ask('m2', 'many');
    const reports = [
      { leaseId: 'm1', spentMicros: 10 },
      { leaseId: 'nothing', spentMicros: 10 },
      { leaseId: 'm2', spentMicros: 20, isFinal: true },
      { leaseId: 'm1', spentMicros: 30 },
    ];
    const { body } = await call('POST', '/v1/leases/reports', { reports });
    expect(body['results']).toMatchObject([
      { receipt: { leaseId: 'm1', isOpen: true } },
      { error: { code: 'lease_not_found', fields: [{ field: 'leaseId' }] } },
      { receipt: { isOpen: false, bookedMicros: 20 } },
      { receipt: { bookedMicros: 30 } },
    ]);
    expect(await shield.getBudget(T, 'many')).toMatchObject({ spentMicros: 50n });
  });

  it('books what is reported after the rest was given back', async () => {
    await budget('after', total(100_000n));
    await ask('a1', 'after');
    await call('POST', '/v1/leases/a1/report', { spentMicros: 40 });
    const given = await call('POST', '/v1/leases/a1/release', { spentMicros: 40 });
    expect(given.body).toMatchObject({ isOpen: false, bookedMicros: 40 });
    const late = await call('POST', '/v1/leases/a1/report', { spentMicros: 45 });
    expect(late).toMatchObject({ status: 200, body: { bookedMicros: 45, lateMicros: 5 } });
    expect(await shield.getBudget(T, 'after')).toMatchObject({ spentMicros: 45n, heldMicros: 0n });
    await expectCounted();
  });

  it('lists by budget, node and state, and revokes', async () => {
    await budget('list', total(100_000n));
    for (const n of [1, 2, 3]) await ask(`p${n}`, 'list', { nodeId: n === 3 ? 'n3' : 'n1' });
    const first = await call('GET', '/v1/leases?budgetId=list&limit=2');
    expect(first.body['items']).toMatchObject([{ id: 'p1' }, { id: 'p2' }]);
    const cursor = encodeURIComponent(String(first.body['nextCursor']));
    const second = await call('GET', `/v1/leases?budgetId=list&limit=2&cursor=${cursor}`);
    expect(second.body).toMatchObject({ items: [{ id: 'p3' }], nextCursor: null });
    const mine = await call('GET', '/v1/leases?budgetId=list&nodeId=n3&state=open');
    expect(mine.body['items']).toMatchObject([{ id: 'p3', state: 'open' }]);
    const revoked = await call('POST', '/v1/leases/p3/revoke');
    expect(revoked.body).toMatchObject({ state: 'revoked', heldMicros: 1_000 });
    expect((await call('POST', '/v1/leases/p3/revoke')).body).toEqual(revoked.body);
    const report = await call('POST', '/v1/leases/p3/report', { spentMicros: 5 });
    expect(report.body).toMatchObject({ isOpen: false, bookedMicros: 5 });
    expect((await ask('p4', 'list', { nodeId: 'n3' })).body).toMatchObject({
      ...{ reason: 'epoch_stale', epoch: 6 },
    });
    const { body } = await call('GET', '/v1/audit?limit=1000');
    const records = (body['items'] as { record: string }[]).map(({ record }) => record);
    const leaf = records.filter((record) => record.includes('lease.revoked'));
    expect(leaf.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { leaseId: 'p3', before: { isRevoked: false }, after: { isRevoked: true } },
    ]);
  });

  it.each([
    ['no epoch', { epoch: 0 }, 'epoch'],
    ['a fraction', { askMicros: 1.5 }, 'askMicros'],
    ['nothing', { askMicros: 0 }, 'askMicros'],
    ['more than asked', { atLeastMicros: 1_001 }, 'atLeastMicros'],
    ['a node with a space', { nodeId: 'a b' }, 'nodeId'],
    ['an unknown field', { ttlMs: 5 }, 'ttlMs'],
  ])('refuses %s by name', async (_what, part, field) => {
    const answer = await ask('bad', 'main', part);
    expect(answer).toMatchObject({ status: 400, body: { fields: [{ field }] } });
    expect((await ask('bad', 'nowhere')).body).toMatchObject({ code: 'budget_not_found' });
  });
});

describe('a lease client over HTTP', () => {
  const node = (journal?: FileLeaseJournal) =>
    new LeaseClient({
      transport: new HttpLeases({ baseUrl: hastyUrl, headers: () => headers }),
      nodeId: 'node',
      settings: { leastAskMicros: 1_000n, tickMs: 5, marginMs: 50 },
      ...(journal === undefined ? {} : { journal }),
    });

  /** For that long, and on until something worth telling is spent. */
  async function spendFor(client: LeaseClient, budgetId: string, ms: number): Promise<bigint> {
    let spent = 0n;
    const end = performance.now() + ms;
    for (; performance.now() < end || spent <= 100n; await sleep(1)) {
      if (client.trySpend(budgetId, 7n) === 'spent') spent += 7n;
    }
    return spent;
  }

  it('spends, renews and books exactly what was spent', async () => {
    await budget('client', total(1_000_000n));
    const client = node();
    const spent = await spendFor(client, 'client', 2_500);
    expect(client.stats()).toMatchObject({ spentMicros: spent, failedAsks: 0, failedReports: 0 });
    expect(client.stats().grants).toBeGreaterThan(1);
    expect(await client.close()).toBe(true);
    expect(await shield.getBudget(T, 'client')).toMatchObject({
      spentMicros: spent,
      heldMicros: 0n,
    });
    await expectCounted();
  });

  it('tells at its next start what its last one had spent', async () => {
    await budget('journal', total(1_000_000n));
    const folder = join(home, 'journal');
    const client = node(await FileLeaseJournal.open(folder));
    await expect(FileLeaseJournal.open(folder)).rejects.toMatchObject({ code: 'unavailable' });
    const spent = await spendFor(client, 'journal', 400);
    const copy = join(home, 'after-the-crash');
    cpSync(folder, copy, { recursive: true });
    const left = await FileLeaseJournal.open(copy);
    expect(left.left.length).toBeGreaterThan(0);
    const again = node(left);
    await waitFor(() => Promise.resolve(again.stats().waitingReports === 0));
    const { spentMicros } = await shield.getBudget(T, 'journal');
    expect(spentMicros).toBeGreaterThanOrEqual(spent);
    expect(await client.close()).toBe(true);
    expect(await again.close()).toBe(true);
    for (const path of [folder, copy]) {
      expect(readdirSync(path).filter((name) => name.endsWith('.journal'))).toEqual([]);
    }
    const after = await shield.getBudget(T, 'journal');
    expect(after.spentMicros).toBeGreaterThanOrEqual(client.stats().spentMicros);
    expect(after.heldMicros).toBe(0n);
    await expectCounted();
  });
});
