/**
 * Goal: no mail begins a second after consent was withdrawn, however many leave at that time; what customers and their
 * browsers say here is in the registry; why somebody got no mail is on record with its receipt.
 * Method: the real SyncShield and SyncEngage over HTTP on one PostgreSQL, a real mail server; segments are put into the
 * store, so that no model is needed. Withdrawals race with a run that takes seconds.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SyncEngageClient } from '@kiki/contract-syncengage';
import { ConsentApi, SyncShieldClient } from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { SeededRandom } from '@kiki/kernel';
import { syncshieldDefinition } from '@kiki/service-syncshield';
import { createTestDatabase, testSeed, waitFor, type TestDatabase } from '@kiki/testing';
import { syncengageDefinition } from './index.js';
import { TestMailServer } from './smtp.fixture.js';

const T = 'default';
const RACERS = 200;
const home = mkdtempSync(join(tmpdir(), 'kiki-engage-consent-'));
let db: TestDatabase;
let smtp: TestMailServer;
let host: Host;
let url: string;
let headers: Record<string, string>;
let engage: SyncEngageClient;
let shield: SyncShieldClient;
let consent: ConsentApi;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  smtp = await new TestMailServer().start();
  const environment = {
    ...{ DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' },
    ...{ SYNCENGAGE_SMTP_URL: smtp.url, SYNCENGAGE_SMTP_CONNECTIONS: '4' },
    // Nobody is there: no segment is old enough to be asked for.
    SYNCVALUE_URL: '127.0.0.1:1',
    SYNCENGAGE_OUTBOX_INTERVAL_MS: '50',
    SYNCENGAGE_CAP_MESSAGES: '100',
  };
  host = await start([syncshieldDefinition, syncengageDefinition], { environment, portBase: 0 });
  url = host.service('syncengage').httpUrl;
  headers = { authorization: `Bearer ${host.firstKey}` };
  const shieldOptions = {
    ...{ baseUrl: host.service('syncshield').httpUrl, headers: () => headers },
  };
  engage = new SyncEngageClient({ baseUrl: url, headers: () => headers });
  shield = new SyncShieldClient(shieldOptions);
  consent = new ConsentApi(shieldOptions);
  await shield.createBudget(T, {
    ...{ id: 'mail', name: 'Mail', currency: 'USD' },
    caps: [{ kind: 'total', limitMicros: 1_000_000_000n }],
  });
  await host.auth.admin.setLiveChannel({
    ...{ tenant: T, channel: 'email', isLive: true, changedBy: 'spec' },
  });
  await db.database.execute(
    `insert into syncengage.segment_refreshes (tenant, id, state, requested_at, updated_at, finished_at)
     values ($1, gen_random_uuid(), 'done', now(), now(), now())`,
    [T],
  );
}, 60_000);

afterAll(async () => {
  await host?.stop();
  await smtp?.stop();
  await db?.drop();
  rmSync(home, { recursive: true, force: true });
});

/** Customers at risk with an address each, in a country where silence is no consent. */
async function atRisk(ids: readonly string[], traits: object = { country: 'DE' }): Promise<void> {
  await db.database.execute(
    `insert into syncengage.profiles (tenant, customer_id, email, traits, first_seen_at, last_seen_at)
     select $1, id, id || '@example.test', $3, now(), now() from unnest($2::text[]) as id`,
    [T, ids, JSON.stringify(traits)],
  );
  await db.database.execute(
    `insert into syncengage.segment_members (tenant, customer_id, segment, alive_probability, model_version,
                                             evaluated_at, refresh_id)
     select $1, id, 'at_risk', 0.2, 'm1', now(), gen_random_uuid() from unnest($2::text[]) as id`,
    [T, ids],
  );
}

const granted = (customerId: string) => ({
  ...{ id: `yes-${customerId}`, customerId, purpose: 'marketing', channel: 'email' },
  ...{ action: 'granted' as const, source: 'checkout' },
});

async function saveJourney(id: string): Promise<void> {
  await engage.saveJourney(T, {
    ...{ id, name: id, segment: 'at_risk', offer: '5 %', budgetId: 'mail', currency: 'USD' },
    ...{ costMicros: 1_000n, holdoutShare: 0, subject: 'We miss you', body: 'Come back.' },
  });
}

async function run(id: string): Promise<void> {
  const { runId } = await engage.runJourney(T, id);
  await waitFor(async () => (await engage.run(T, runId)).state === 'done', {
    ...{ timeoutMs: 60_000, what: 'the run' },
  });
}

async function customers(journey: string) {
  const found = new Map<
    string,
    { outcome: string; reason: string | null; receipt: string | null }
  >();
  const answer = await fetch(`${url}/v1/journeys/${journey}/customers?limit=1000`, { headers });
  const { items } = (await answer.json()) as {
    items: {
      customerId: string;
      outcome: string;
      reason: string | null;
      consentReceiptId: string;
    }[];
  };
  for (const { customerId, outcome, reason, consentReceiptId: receipt } of items) {
    found.set(customerId, { outcome, reason, receipt });
  }
  return found;
}

it('writes to those who consented and says why it does not write to the others', async () => {
  await atRisk(['yes', 'silent', 'gone']);
  await atRisk(['abroad'], { address: { country: 'US' } });
  await consent.record(T, [granted('yes'), granted('gone')]);
  const { receiptId } = await consent.withdraw(T, { customerId: 'gone', source: 'hotline' });
  await saveJourney('small');
  await run('small');
  expect(Object.fromEntries(await customers('small'))).toEqual({
    yes: { outcome: 'messaged', reason: null, receipt: 'yes-yes' },
    abroad: { outcome: 'messaged', reason: null, receipt: 'settings.0' },
    silent: { outcome: 'suppressed', reason: 'consent_missing', receipt: 'settings.0' },
    gone: { outcome: 'suppressed', reason: 'consent_withdrawn', receipt: receiptId },
  });
  expect([...smtp.counts().keys()].sort()).toEqual(['abroad@example.test', 'yes@example.test']);
  // The next run asks again.
  await consent.record(T, [granted('silent')]);
  await run('small');
  expect((await customers('small')).get('silent')).toMatchObject({ outcome: 'messaged' });
});

it('tells the registry what customers and their browsers say', async () => {
  const post = (path: string, body: object, more: Record<string, string> = {}) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', ...more },
      body: JSON.stringify(body),
    });
  const identify = { userId: 'teller', traits: { email: 'teller@example.test' } };
  await post('/v1/identify', { ...identify, messageId: 'm1' }, { 'sec-gpc': '1' });
  await post('/v1/identify', { ...identify, messageId: 'm2' }, { 'sec-gpc': '1' });
  await post('/v1/identify', { userId: 'quiet', traits: {}, messageId: 'm3' }, { 'sec-gpc': '0' });
  for (const status of ['subscribed', 'unsubscribed']) {
    const path = `${url}/v1/profiles/teller/subscription`;
    const json = { ...headers, 'content-type': 'application/json' };
    await fetch(path, { method: 'PUT', headers: json, body: JSON.stringify({ status }) });
  }
  await post('/v1/identify', { userId: 'quiet', traits: { unsubscribed: true }, messageId: 'm4' });
  const said = async (id: string) => {
    const { items } = await consent.history(T, id).catch(() => ({ items: [] }));
    return items.map(({ purpose, action }) => `${purpose} ${action}`).sort();
  };
  const expected = ['advertising objected', 'marketing granted', 'marketing withdrawn'];
  await waitFor(async () => (await said('teller')).length >= expected.length, {
    what: 'the words',
  });
  expect(await said('teller')).toEqual(expected);
  await waitFor(async () => (await said('quiet')).length > 0, { what: 'the objection' });
  expect(await said('quiet')).toEqual(['marketing objected']);
  const [withdrawn] = (await consent.history(T, 'teller')).items;
  expect(withdrawn).toMatchObject({ recordedBy: 'syncengage' });
  const pending = await db.database.query(
    'select from syncengage.consent_changes where forwarded_at is null or rejected_because is not null',
  );
  expect(pending).toEqual([]);
});

it(`begins no mail a second after a withdrawal: ${RACERS} withdrawals race with a run`, async () => {
  const random = new SeededRandom(testSeed());
  const ids = Array.from({ length: RACERS }, (_, i) => `racer-${i}`);
  await atRisk(ids);
  await consent.record(T, ids.map(granted));
  const received = new Map<string, number>();
  const acknowledged = new Map<string, number>();
  const withdrawals: Promise<void>[] = [];
  const left = [...ids];
  /** Each mail sets one withdrawal off, so that both go on together at any speed of the machine. */
  const withdrawSomebody = async (): Promise<void> => {
    const [customerId] = left.splice(random.nextInt(left.length), 1);
    if (customerId === undefined) return;
    await consent.withdraw(T, { customerId, source: 'race' });
    acknowledged.set(customerId, performance.now());
  };
  smtp.received.length = 0;
  smtp.delayMs = 10;
  smtp.onReceived = () => {
    received.set(smtp.received.at(-1)!.to.split('@')[0]!, performance.now());
    withdrawals.push(withdrawSomebody());
  };
  await saveJourney('race');
  await run('race');
  while (left.length > 0) await withdrawSomebody();
  await Promise.all(withdrawals);
  const late = ids.filter((id) => (received.get(id) ?? 0) > acknowledged.get(id)! + 1_000);
  expect(late).toEqual([]);
  const outcomes = [...(await customers('race'))].filter(([id]) => id.startsWith('racer-'));
  const messaged = outcomes.filter(([, { outcome }]) => outcome === 'messaged').map(([id]) => id);
  expect(messaged.sort()).toEqual(
    [...received.keys()].filter((id) => id.startsWith('racer')).sort(),
  );
  // Both sides of the race won some of it.
  expect(messaged.length).toBeGreaterThan(RACERS / 10);
  const stopped = outcomes.filter(([, { reason }]) => reason === 'consent_withdrawn');
  expect(stopped.length).toBeGreaterThan(RACERS / 10);
  expect(stopped.length + messaged.length).toBe(RACERS);
  for (const [, { receipt }] of stopped) expect(receipt).not.toMatch(/^yes-/);
}, 120_000);
