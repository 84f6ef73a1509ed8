/**
 * Goal: what happens to money is told: once, within a second, to webhooks that may be away, to SyncFlow's queue and to the
 * feed. Method: the real service on a real PostgreSQL; a receiver of webhooks on loopback that checks signatures, fails
 * and hangs when it is told to.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isGenuineWebhook, MoneyOutApi, SyncShieldClient } from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { createTestDatabase, waitFor, type TestDatabase } from '@kiki/testing';
import { syncshieldDefinition } from './index.js';

const home = mkdtempSync(join(tmpdir(), 'kiki-money-out-'));
const T = 'default';
let db: TestDatabase;
let host: Host;
let url: string;
let shield: SyncShieldClient;
let headers: Record<string, string>;
let receiver: Server;
let origin: string;

interface Received {
  readonly path: string;
  readonly atMs: number;
  readonly signature: string;
  readonly body: string;
  readonly event: {
    id: string;
    seq: number;
    type: string;
    budgetId: string;
    data: Record<string, unknown>;
  };
}
const received: Received[] = [];
let answer: (path: string) => number | undefined = () => 204;

beforeAll(async () => {
  receiver = createServer((request, reply) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const path = request.url ?? '';
      const status = answer(path);
      const signature = String(request.headers['kiki-signature']);
      received.push({ path, atMs: Date.now(), signature, body, event: JSON.parse(body) as never });
      if (status !== undefined) reply.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  db = await createTestDatabase({ schema: 'unused' });
  host = await start([syncshieldDefinition], { environment: environment(), portBase: 0 });
  url = host.service('syncshield').httpUrl;
  headers = { authorization: `Bearer ${host.firstKey}` };
  shield = new SyncShieldClient({ baseUrl: url, headers: () => headers });
});

afterAll(async () => {
  await host?.stop();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
  await db.drop();
  rmSync(home, { recursive: true });
});

beforeEach(() => {
  received.length = 0;
  answer = () => 204;
});

function environment(): Record<string, string> {
  return {
    DATABASE_URL: db.url,
    KIKI_HOME: home,
    LOG_LEVEL: 'silent',
    SYNCSHIELD_WEBHOOK_TRUSTED_ORIGINS: origin,
    SYNCSHIELD_WEBHOOK_TIMEOUT_MS: '500',
    SYNCSHIELD_WEBHOOK_ATTEMPTS: '3',
    SYNCSHIELD_WEBHOOK_RETRY_MS: '20',
    SYNCSHIELD_SAMPLE_INTERVAL_MS: '100',
  };
}

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, never> & { items: Record<string, never>[] } }> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

async function hook(id: string, extra: Record<string, unknown> = {}): Promise<string> {
  const body = { id, url: `${origin}/${id}`, ...extra };
  const created = await call('POST', '/v1/webhooks', body);
  expect(created.status).toBe(200);
  return created.body['secret'] as unknown as string;
}

const budget = (id: string, limitMicros: bigint, parentId?: string) =>
  shield.createBudget(T, {
    ...{ id, name: id, currency: 'EUR', caps: [{ kind: 'total', limitMicros }] },
    ...(parentId === undefined ? {} : { parentId }),
  });

let serial = 0;
async function spend(budgetId: string, amountMicros: bigint): Promise<void> {
  const id = `h${serial++}`;
  const hold = await shield.hold(T, { id, budgetId, amountMicros, currency: 'EUR' });
  expect(hold.decision).toBe('approved');
  await shield.capture(T, id, 's', amountMicros);
}

/** Spends more than was held. */
async function overspend(budgetId: string, amountMicros: bigint): Promise<number> {
  const id = `h${serial++}`;
  await shield.hold(T, { id, budgetId, amountMicros: 1n, currency: 'EUR' });
  await shield.capture(T, id, 's', amountMicros);
  return Date.now();
}

const at = (path: string): Received[] => received.filter((one) => one.path === `/${path}`);
const tell = ({ event: { type, data } }: Received): string =>
  data['percent'] === undefined ? type : `${type} ${Number(data['percent'])}`;

describe('thresholds', () => {
  it('are told once, to the budget and to those above it, with a signature that holds', async () => {
    await budget('root', 1_000n);
    await budget('leaf', 100n, 'root');
    const secret = await hook('all', { budgetIds: ['root', 'leaf'] });
    await spend('leaf', 85n);
    await spend('leaf', 1n);
    await waitFor(() => at('all').length >= 2);
    await spend('leaf', 14n);
    await waitFor(() => at('all').length >= 4);
    expect(at('all').map(tell)).toEqual([50, 80, 90, 100].map((p) => `budget.threshold ${p}`));
    const [first] = at('all') as [Received];
    expect(first.event).toMatchObject({
      budgetId: 'leaf',
      data: { capId: 'total', spentMicros: 85 },
    });
    const [, seconds = '', digest = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(first.signature) ?? [];
    const mac = createHmac('sha256', secret).update(`${seconds}.${first.body}`).digest('hex');
    expect(digest).toBe(mac);
    const { signature, body } = first;
    expect(isGenuineWebhook(secret, { signature, body, nowMs: Date.now() })).toBe(true);
    expect(isGenuineWebhook(secret, { signature, body: `${body} `, nowMs: Date.now() })).toBe(
      false,
    );
    expect(isGenuineWebhook(secret, { signature, body, nowMs: Date.now() + 400_000 })).toBe(false);
    expect(isGenuineWebhook('whsec_x', { signature, body, nowMs: Date.now() })).toBe(false);
    const feed = await call('GET', '/v1/events?budgetId=leaf&types=budget.threshold');
    expect(feed.body.items.map(({ id }) => id)).toEqual(at('all').map(({ event }) => event.id));
  });

  it('are those that were set, and again in force after a limit has changed', async () => {
    await budget('own', 100n);
    await call('PUT', '/v1/budgets/own/thresholds', { percents: [30, 10] });
    expect((await call('GET', '/v1/budgets/own/thresholds')).body).toMatchObject({
      percents: [10, 30],
    });
    await hook('own', { budgetIds: ['own'], types: ['budget.threshold'] });
    await spend('own', 35n);
    await waitFor(() => at('own').length === 2);
    await shield.replaceCaps(T, 'own', [{ kind: 'total', limitMicros: 1_000n }]);
    await spend('own', 65n);
    await waitFor(() => at('own').length === 3);
    expect(at('own').map(tell)).toEqual([10, 30, 10].map((p) => `budget.threshold ${p}`));
    const bad = await call('PUT', '/v1/budgets/own/thresholds', { percents: [50, 50] });
    expect(bad.body).toMatchObject({ code: 'thresholds_invalid' });
  });
});

describe('the typed client', () => {
  it('reports, paces, states and exports with bigints', async () => {
    const api = new MoneyOutApi({ baseUrl: url, headers: () => headers });
    await budget('typed', 1_000n);
    const day = '2026-01-02';
    const report = { source: 'ads', day, currency: 'EUR', amountMicros: 600n, version: 1 };
    const [result] = await api.reportExternalSpend(T, 'typed', [report]);
    expect(result).toMatchObject({ status: 'recorded', deltaMicros: 600n, overMicros: 0n });
    expect((await api.pacing(T, 'typed')).caps).toMatchObject([{ headroomMicros: 400n }]);
    await api.setThresholds(T, 'typed', [99]);
    const range = { from: new Date(Date.now() - 60_000), to: new Date(Date.now() + 60_000) };
    expect(await api.statement(T, 'typed', range)).toMatchObject({ closingMicros: 600n });
    const plan = { capId: 'total', from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
    expect((await api.setPlan(T, 'typed', plan)).plan).toMatchObject({ aheadMicros: -400n });
    const rows = await new Response(await api.export(T, 'typed', { kind: 'entries' })).text();
    expect(JSON.parse(rows)).toMatchObject({ amountMicros: 600, source: 'external' });
    await expect(api.export(T, 'nowhere', { kind: 'holds' })).rejects.toMatchObject({
      code: 'budget_not_found',
    });
    const { items } = await api.events(T, { budgetId: 'typed' });
    expect(items).toMatchObject([{ type: 'budget.threshold', data: { percent: 50 } }]);
    const input = { id: 'typed', url: `${origin}/typed` };
    expect((await api.createWebhook(T, input)).secret).toMatch(/^whsec_/);
  });
});

describe('a breach', () => {
  it('pauses and is told within a second, once until the budget is resumed', async () => {
    await budget('late', 100n);
    await hook('late', {
      budgetIds: ['late'],
      types: ['budget.breached', 'budget.paused', 'budget.resumed'],
    });
    const ackedMs = await overspend('late', 150n);
    await waitFor(() => at('late').length === 2);
    expect(at('late').map(tell)).toEqual(['budget.breached', 'budget.paused']);
    expect(Math.max(...at('late').map(({ atMs }) => atMs)) - ackedMs).toBeLessThan(1_000);
    expect(at('late')[0]?.event.data).toMatchObject({ overMicros: 50, isPausing: true });
    await call('POST', '/v1/budgets/late/resume');
    await overspend('late', 10n);
    await waitFor(() => at('late').length === 5);
    expect(at('late').slice(2).map(tell)).toEqual([
      'budget.resumed',
      'budget.breached',
      'budget.paused',
    ]);
  });
});

describe('a webhook', () => {
  it('that fails gets everything later; what hangs keeps nobody waiting', async () => {
    await budget('shaky', 100n);
    await hook('hangs', { budgetIds: ['shaky'] });
    await hook('fails', { budgetIds: ['shaky'] });
    await hook('works', { budgetIds: ['shaky'] });
    let failures = 2;
    answer = (path) =>
      path === '/hangs' ? undefined : path === '/fails' && failures-- > 0 ? 500 : 200;
    await spend('shaky', 60n);
    await waitFor(() => at('works').length === 1 && at('fails').length === 3);
    const log = await call('GET', '/v1/webhooks/fails/deliveries');
    expect(log.body.items).toMatchObject([{ state: 'delivered', attempts: 3, lastStatus: 200 }]);
    await waitFor(
      async () => (await call('GET', '/v1/webhooks/hangs')).body['isEnabled'] === false,
    );
    const dead = await call('GET', '/v1/webhooks/hangs/deliveries?state=dead');
    expect(dead.body.items).toMatchObject([
      { attempts: 3, lastError: 'timeout', lastStatus: null },
    ]);
    const told = await call('GET', '/v1/events?types=webhook.disabled');
    expect(told.body.items).toMatchObject([{ data: { webhookId: 'hangs', reason: 'failing' } }]);
    received.length = 0;
    answer = () => 200;
    await call('POST', '/v1/webhooks/hangs/enable');
    const seq = dead.body.items[0]?.['seq'];
    await call('POST', `/v1/webhooks/hangs/deliveries/${String(seq)}/redeliver`);
    await waitFor(() => at('hangs').length === 1);
  });

  it('that says it is gone is disabled at once', async () => {
    await budget('gone', 100n);
    await hook('gone', { budgetIds: ['gone'] });
    answer = () => 410;
    await spend('gone', 60n);
    await waitFor(
      async () => (await call('GET', '/v1/webhooks/gone')).body['disabledReason'] === 'gone',
    );
    expect(at('gone')).toHaveLength(1);
  });

  it('shows its secret once, and after a rotation both sign', async () => {
    await budget('rotated', 100n);
    const first = await hook('rotated', { budgetIds: ['rotated'] });
    expect(await hook('rotated', { budgetIds: ['rotated'] })).toBeNull();
    const { body } = await call('POST', '/v1/webhooks/rotated/rotate-secret');
    const second = body['secret'] as unknown as string;
    expect(second).not.toBe(first);
    await spend('rotated', 60n);
    await waitFor(() => at('rotated').length === 1);
    const { signature, body: text } = at('rotated')[0] as Received;
    const seconds = /^t=(\d+)/.exec(signature)?.[1] ?? '';
    const macs = [second, first].map((secret) =>
      createHmac('sha256', secret).update(`${seconds}.${text}`).digest('hex'),
    );
    expect(signature).toBe(`t=${seconds},v1=${macs[0]},v1=${macs[1]}`);
    const stored = await db.database.query('SELECT * FROM syncshield.webhooks');
    expect(JSON.stringify(stored, (_, v: unknown) => String(v))).not.toContain(first.slice(6));
  });

  it.each([
    ['http://hooks.example.test/', 'an https URL'],
    ['https://user:pw@hooks.example.test/', 'a URL without credentials'],
    ['https://hooks.example.test:8443/', 'a URL on the port of https, 443'],
    ['https://127.0.0.1/', 'an address of the open internet'],
    ['https://[::ffff:10.0.0.1]/', 'an address of the open internet'],
    ['https://0x7f000001/', 'an address of the open internet'],
    ['hooks', 'an absolute https URL'],
  ])('is not made for %s', async (address, expected) => {
    const refused = await call('POST', '/v1/webhooks', { id: 'x', url: address });
    expect(refused.body).toMatchObject({ code: 'webhook_url_forbidden', fields: [{ expected }] });
  });

  it('leaves audit records without its address', async () => {
    const { body } = await call('GET', '/v1/audit?limit=1000');
    const actions = (body.items as unknown as { record: string }[]).map(
      ({ record }) => (JSON.parse(record) as { action: string }).action,
    );
    expect(actions).toEqual(
      expect.arrayContaining(['webhook.created', 'webhook.disabled', 'thresholds.replaced']),
    );
    expect(JSON.stringify(body)).not.toContain(`${origin}/rotated`);
  });
});
