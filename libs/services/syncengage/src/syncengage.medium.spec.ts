/**
 * Goal: SyncEngage does its part of the main job over its real doors: events in, orders to
 * SyncValue by gRPC, segments from its P(alive), a journey under SyncShield's holds into a real
 * mail server, and a way out for the customer. Method: three real services on one PostgreSQL;
 * SyncValue is started late on purpose.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SyncEngageClient, type EventInput, type JourneyInput } from '@kiki/contract-syncengage';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { SyncValueClient } from '@kiki/contract-syncvalue';
import { start, type Host } from '@kiki/host';
import { SeededRandom } from '@kiki/kernel';
import { syncshieldDefinition } from '@kiki/service-syncshield';
import { syncvalueDefinition } from '@kiki/service-syncvalue';
import { createTestDatabase, freePort, waitFor, type TestDatabase } from '@kiki/testing';
import { syncengageDefinition } from './index.js';
import { TestMailServer } from './smtp.fixture.js';

const T = 'default';
const CUSTOMERS = 400;
const home = mkdtempSync(join(tmpdir(), 'kiki-engage-'));
let db: TestDatabase;
let smtp: TestMailServer;
let host: Host;
let valueHost: Host | undefined;
let value: SyncValueClient;
let environment: Record<string, string>;
let url: string;
let engage: SyncEngageClient;
let shield: SyncShieldClient;
let headers: Record<string, string>;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  smtp = await new TestMailServer().start();
  const grpcPort = await freePort();
  environment = {
    DATABASE_URL: db.url,
    KIKI_HOME: home,
    LOG_LEVEL: 'silent',
    SYNCVALUE_URL: `127.0.0.1:${grpcPort}`,
    SYNCVALUE_GRPC_PORT: String(grpcPort),
    SYNCVALUE_HTTP_PORT: '0',
    SYNCENGAGE_SMTP_URL: smtp.url,
    SYNCENGAGE_PUBLIC_URL: 'https://kiki.example.test',
    SYNCENGAGE_OUTBOX_INTERVAL_MS: '50',
    SYNCENGAGE_TEND_INTERVAL_MS: '100',
    SYNCENGAGE_AT_RISK_BELOW_MILLI: '900',
    SYNCENGAGE_LOST_BELOW_MILLI: '1',
  };
  host = await start([syncshieldDefinition, syncengageDefinition], { environment, portBase: 0 });
  url = host.service('syncengage').httpUrl;
  headers = { authorization: `Bearer ${host.firstKey}` };
  const client = (baseUrl: string) => ({ baseUrl, headers: () => headers });
  engage = new SyncEngageClient(client(url));
  shield = new SyncShieldClient(client(host.service('syncshield').httpUrl));
  value = new SyncValueClient({ target: environment['SYNCVALUE_URL']!, headers: () => headers });
}, 60_000);

afterAll(async () => {
  value?.close();
  await host?.stop();
  await valueHost?.stop();
  await smtp?.stop();
  await db?.drop();
  rmSync(home, { recursive: true, force: true });
});

async function call(
  method: string,
  path: string,
  body?: unknown,
  more: Record<string, string> = headers,
) {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { ...more, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json');
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
}

/** Two years of orders: some customers stopped long ago. */
function orders(): EventInput[] {
  const random = new SeededRandom(5);
  const events: EventInput[] = [];
  for (let i = 0; i < CUSTOMERS; i++) {
    const [count, first] = [1 + random.nextInt(8), random.nextInt(300)];
    const gap = 1 + random.nextInt(60);
    for (let k = 0; k < count; k++) {
      events.push({
        type: 'track',
        event: 'Order Completed',
        messageId: `order-${i}-${k}`,
        userId: `c${i}`,
        properties: { order_id: `o-${i}-${k}`, revenue: 5 + random.nextInt(5000) / 100 },
        timestamp: new Date(Date.UTC(2024, 0, 1 + first + k * gap)),
      });
    }
  }
  return events;
}

describe('the main job', () => {
  const log = orders();
  const identifies = Array.from({ length: CUSTOMERS }, (_, i): EventInput => ({
    type: 'identify',
    messageId: `import-${i}`,
    userId: `c${i}`,
    traits: { email: `C${i}@Example.test`, firstName: `Name ${i}` },
  }));

  it('takes customers and orders in while SyncValue is away', async () => {
    expect(await engage.ingest(T, identifies)).toMatchObject({ accepted: CUSTOMERS, errors: [] });
    expect(await engage.ingest(T, log)).toMatchObject({ accepted: log.length, errors: [] });
    expect(await engage.ingest(T, log)).toMatchObject({ accepted: 0, duplicates: log.length });
    expect((await engage.outbox(T)).pending).toBe(log.length);
    const refresh = await engage.refreshSegments(T);
    const failed = await waitFor(
      async () => {
        const now = await engage.refresh(T, refresh.refreshId);
        return now.state === 'failed' ? now : undefined;
      },
      { timeoutMs: 40_000 },
    );
    expect(failed.reason).toMatch(/unavailable|deadline_exceeded/);
    const ready = await call('GET', '/ready');
    expect(ready.status).toBe(200);
    expect(ready.body.checks).toMatchObject({ mail: { status: 'up' }, outbox: {} });
    // Whom it talks to is no business of whoever may look at its health.
    expect(JSON.stringify(ready.body)).not.toContain(new URL(smtp.url).host);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(new RegExp(`kiki_syncengage_outbox_pending ${log.length}\\b`));
    expect(metrics).toMatch(/kiki_syncengage_outbox_lag_seconds [0-9.]*[1-9]/);
  }, 60_000);

  it('tells SyncValue every order once when it comes back', async () => {
    valueHost = await start([syncvalueDefinition], { environment });
    await waitFor(async () => (await engage.outbox(T)).pending === 0, { timeoutMs: 90_000 });
    expect(await engage.outbox(T)).toMatchObject({ pending: 0, rejected: 0, oldestAt: null });
    const [counted] = await db.database.query<{ n: bigint }>(
      'select count(*) as n from syncvalue.transactions',
    );
    expect(counted?.n).toBe(BigInt(log.length));
  }, 120_000);

  it('holds out, messages under holds, and counts everybody once', async () => {
    await value.fitModel({}, { tenant: T });
    await shield.createBudget(T, {
      id: 'mail',
      name: 'Mail',
      currency: 'USD',
      caps: [{ kind: 'total', limitMicros: 40_500n }],
    });
    const journey: JourneyInput = {
      id: 'winback',
      name: 'Win back',
      segment: 'at_risk',
      offer: '10 % off',
      budgetId: 'mail',
      currency: 'USD',
      costMicros: 1_000n,
      holdoutShare: 0.25,
      salt: 's',
      subject: 'We miss you, {{traits.firstName}}',
      body: 'Here is {{offer}}.',
    };
    await engage.saveJourney(T, journey);
    const dry = await engage.runJourney(T, 'winback');
    expect(await engage.runEnd(T, dry.runId, { timeoutMs: 60_000 })).toMatchObject({
      state: 'done',
    });
    const before = await engage.report(T, 'winback');
    expect(before.atRisk).toBeGreaterThan(60);
    expect(before).toMatchObject({ messaged: 0, pending: 0 });
    expect(before.dryRun.messages).toBe(before.suppressed);
    expect(smtp.received).toHaveLength(0);

    await host.auth.admin.setLiveChannel({
      ...{ tenant: T, channel: 'email', isLive: true, changedBy: 'spec' },
    });
    const { runId } = await engage.runJourney(T, 'winback');
    const run = await engage.runEnd(T, runId, { timeoutMs: 60_000 });
    expect(run).toMatchObject({ state: 'done' });
    const report = await engage.report(T, 'winback');
    const { atRisk, heldOut, suppressed, messaged, pending } = report;
    expect(atRisk).toBe(heldOut + suppressed + messaged);
    expect({ atRisk, heldOut, pending }).toEqual({
      ...{ atRisk: before.atRisk, heldOut: before.heldOut, pending: 0 },
    });
    expect(messaged).toBe(40);
    expect(report.suppressedReasons).toEqual({ budget_denied: suppressed });
    expect(smtp.received).toHaveLength(40);
    expect(Math.max(...smtp.counts().values())).toBe(1);
    await waitFor(async () => (await engage.report(T, 'winback')).unsettled === 0, {
      timeoutMs: 60_000,
    });
    const budget = await shield.getBudget(T, 'mail');
    expect(budget).toMatchObject({ spentMicros: 40_000n, heldMicros: 0n });
  }, 120_000);

  it('explains every customer, page by page', async () => {
    const seen: { outcome: string; arm: string; modelVersion: string; holdId: string | null }[] =
      [];
    let cursor: string | null = '';
    do {
      const query = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await call('GET', `/v1/journeys/winback/customers?limit=50${query}`);
      seen.push(...body.items);
      cursor = body.nextCursor;
    } while (cursor !== null);
    const { atRisk } = await engage.report(T, 'winback');
    expect(seen).toHaveLength(atRisk);
    for (const { arm, outcome, modelVersion, holdId } of seen) {
      expect(arm === 'holdout').toBe(outcome === 'held_out');
      expect(modelVersion).not.toBe('');
      if (outcome === 'messaged') expect(holdId).toMatch(/^engage\./);
    }
  });

  it('lets a customer out by the link of the mail: GET asks, POST acts, once', async () => {
    const { to, mail } = smtp.received[0]!;
    const link = /<https:\/\/kiki\.example\.test(\/u\/[^>]+)>/.exec(
      mail.headerLines.find(({ key }) => key === 'list-unsubscribe')?.line ?? '',
    )?.[1];
    const customerId = to.split('@')[0]!;
    const subscription = async () => (await engage.profile(T, customerId)).subscription;
    const page = await call('GET', link!, undefined, {});
    expect(page).toMatchObject({ status: 200 });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self'");
    // The link is the credential.
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.text).toContain('<form method="post">');
    expect(await subscription()).toBe('unknown');

    const tampered = `${link!.slice(0, -3)}AAA`;
    for (const method of ['GET', 'POST']) {
      expect((await call(method, tampered, undefined, {})).body).toMatchObject({
        code: 'token_invalid',
      });
    }
    const sign = (more: object) =>
      host.auth.urlSigner.sign({
        ...{ tenant: T, purpose: 'unsubscribe', expiresAtMs: Date.now() + 60_000 },
        ...{ subject: `00000000-0000-0000-0000-000000000000${customerId}`, ...more },
      });
    const expired = sign({ expiresAtMs: Date.now() - 1 });
    expect((await call('POST', `/u/${expired}`, undefined, {})).body).toMatchObject({
      code: 'token_expired',
    });
    const asset = sign({ purpose: 'asset' });
    expect((await call('POST', `/u/${asset}`, undefined, {})).body).toMatchObject({
      code: 'token_invalid',
    });
    expect(await subscription()).toBe('unknown');

    const bodies: RequestInit[] = [
      {
        body: 'List-Unsubscribe=One-Click',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
      { body: oneClickForm() },
      {},
    ];
    for (const init of bodies) {
      const answer = await fetch(`${url}${link}`, { method: 'POST', ...init });
      expect({ status: answer.status, text: await answer.text() }).toMatchObject({
        status: 200,
        text: expect.stringContaining('You are unsubscribed'),
      });
      expect(await subscription()).toBe('unsubscribed');
    }
    const rows = await db.database.query(
      'select source, count(*) as n from syncengage.consent_changes where customer_id = $1 group by source',
      [customerId],
    );
    expect(rows).toEqual([{ source: 'link', n: 1n }]);
  });
});

function oneClickForm(): FormData {
  const form = new FormData();
  form.set('List-Unsubscribe', 'One-Click');
  return form;
}

describe('the intake over HTTP', () => {
  it('tolerates unknown members and what clients send', async () => {
    const { status, body } = await call('POST', '/v1/track', {
      ...{ userId: 77, event: 'Viewed', properties: null, context: { ip: '127.0.0.1' } },
      ...{ integrations: {}, writeKey: 'x', _metadata: {}, messageId: 'loose' },
    });
    expect({ status, body }).toMatchObject({ status: 200, body: { success: true, accepted: 1 } });
    expect(await engage.profile(T, '77')).toMatchObject({ customerId: '77', email: null });
    const basic = Buffer.from(`${host.firstKey}:`).toString('base64');
    const again = await call(
      'POST',
      '/v1/track',
      { userId: '77', event: 'Viewed', messageId: 'loose' },
      {
        authorization: `Basic ${basic}`,
      },
    );
    expect(again.body).toMatchObject({ accepted: 0, duplicates: 1 });
  });

  it('refuses each bad event by itself and says why', async () => {
    const good = { type: 'identify', userId: 'good', messageId: 'good' };
    const { status, body } = await call('POST', '/v1/batch', {
      batch: [
        good,
        { type: 'page', userId: 'x', messageId: 'page' },
        { type: 'track', userId: 'x' },
        { type: 'identify' },
        { type: 'identify', userId: 'a@example.test' },
        { type: 'identify', userId: 'x', timestamp: 'yesterday' },
        {
          type: 'track',
          userId: 'x',
          event: 'Order Completed',
          properties: { revenue: -1, order_id: '1' },
        },
        null,
        { type: 'identify', userId: 'warned', messageId: 'w', traits: { email: 'nope' } },
        good,
      ],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ success: false, accepted: 2, duplicates: 1 });
    expect(
      body.errors.map(({ index, code }: { index: number; code: string }) => [index, code]),
    ).toEqual([
      [1, 'event_type_unsupported'],
      [2, 'event_invalid'],
      [3, 'event_invalid'],
      [4, 'customer_id_is_email'],
      [5, 'timestamp_invalid'],
      [6, 'order_invalid'],
      [7, 'event_invalid'],
    ]);
    expect(body.warnings).toMatchObject([{ index: 8, code: 'email_invalid', messageId: 'w' }]);
  });

  it.each([
    ['POST', '/v1/identify', {}, 400, 'event_invalid'],
    [
      'POST',
      '/v1/identify',
      { userId: 'x', timestamp: '2026-13-01T00:00:00Z' },
      400,
      'timestamp_invalid',
    ],
    ['POST', '/v1/track', { userId: 'x', event: 'Order Completed' }, 400, 'order_invalid'],
    [
      'POST',
      '/v1/batch',
      { batch: Array.from({ length: 1_001 }, () => ({})) },
      413,
      'batch_too_large',
    ],
    [
      'POST',
      '/v1/batch',
      { batch: [{ traits: { a: 'x'.repeat(520_000) } }] },
      413,
      'batch_too_large',
    ],
    ['POST', '/v1/journeys', { id: 'x', unknown: 1 }, 400, 'invalid_request'],
    ['GET', '/v1/profiles/nobody', undefined, 404, 'profile_not_found'],
    ['GET', '/v1/journeys/none/report', undefined, 404, 'journey_not_found'],
    ['POST', '/v1/journeys/none/run', undefined, 404, 'journey_not_found'],
    ['PUT', '/v1/frequency-cap', { maxMessages: -1, windowMs: 1 }, 400, 'invalid_request'],
  ])('%s %s answers %#', async (method, path, body, status, code) => {
    expect(await call(method, path, body)).toMatchObject({ status, body: { code } });
  });

  it('keeps tenants apart', async () => {
    await host.auth.admin.createTenant({ tenant: 'other' });
    const { key } = await host.auth.admin.createKey({
      tenant: 'other',
      scopes: ['engage:write'],
      name: 't',
    });
    const other = { authorization: `Bearer ${key}` };
    expect((await call('GET', '/v1/profiles/c1', undefined, other)).status).toBe(404);
    expect((await call('GET', '/v1/journeys', undefined, other)).body).toEqual({
      items: [],
      nextCursor: null,
    });
    const same = { userId: 'c1', event: 'Viewed', messageId: 'order-1-0' };
    expect((await call('POST', '/v1/track', same, other)).body).toMatchObject({ accepted: 1 });
  });

  it('reads and writes consent and the cap', async () => {
    const put = await call('PUT', '/v1/profiles/good/subscription', {
      status: 'subscribed',
      proof: 'form-1',
    });
    expect(put.body).toEqual({ customerId: 'good', status: 'subscribed', isChanged: true });
    const cap = { maxMessages: 3, windowMs: 86_400_000 };
    expect((await call('PUT', '/v1/frequency-cap', cap)).body).toEqual(cap);
    expect((await call('GET', '/v1/frequency-cap')).body).toEqual(cap);
    const segments = await engage.segments(T);
    expect(segments).toMatchObject({ isFresh: true, latestRefresh: { state: 'done' } });
    const known = segments.segments.filter(({ segment }) => segment !== 'unknown');
    expect(known.reduce((n, { customers }) => n + customers, 0)).toBe(CUSTOMERS);
  });
});
