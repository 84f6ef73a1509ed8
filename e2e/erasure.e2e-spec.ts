/**
 * Goal: after an erasure nothing of a person is left in any of the five services, the audit log still verifies, and a
 * request is not done before every service has confirmed. Method: five processes over one home with an embedded server;
 * 50 canaries through order import, events, journey messages, bids, holds, consent and a brief; all erased by the API
 * while one service is down; then their marker is looked for in every row of every table, in every byte of the server's
 * data directory (but the write-ahead log, which ages out), in objects and in what the processes printed. That the scan
 * finds them before is part of the test.
 */
import { mkdtempSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verifyAuditLog } from '@kiki/audit-verifier';
import { SyncValueClient } from '@kiki/contract-syncvalue';
import { openPostgres, PostgresDatabase, type PostgresServer } from '@kiki/postgres';
import { removeHome, waitFor } from '@kiki/testing';
import { SMTPServer } from 'smtp-server';
import { filesWith, tablesWith } from './byte-scan.ts';
import {
  canaries,
  MARKER,
  must,
  seedCreate,
  seedEngage,
  seedFlow,
  seedShield,
  seedValue,
} from './canaries.ts';
import { freePortBase } from './free-port-base.ts';
import type { Call } from './route-seeds.ts';
import { ServiceProcess } from './service-process.ts';

const PLACES: Readonly<Record<string, number>> = {
  syncvalue: 0,
  syncshield: 1,
  syncflow: 2,
  syncengage: 3,
  synccreate: 4,
};
const PEOPLE = canaries(50);
const home = mkdtempSync(path.join(tmpdir(), 'kiki-erasure-'));
let base: number;
let key: string;
let processes: Map<string, ServiceProcess>;
let server: PostgresServer;
let database: PostgresDatabase;
let mails: SMTPServer;
let received = 0;

const callTo =
  (service: string): Call =>
  async (method, target, body) => {
    const answer = await fetch(`http://127.0.0.1:${base + PLACES[service]!}${target}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      body: (text.startsWith('{') ? JSON.parse(text) : { text }) as Record<string, unknown>,
    };
  };
const [shield, flow, engage, create] = ['syncshield', 'syncflow', 'syncengage', 'synccreate'].map(
  callTo,
) as [Call, Call, Call, Call];

async function startMailServer(): Promise<string> {
  mails = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, _session, done) => {
      stream.resume();
      stream.on('end', () => {
        received++;
        done();
      });
    },
  });
  await new Promise<void>((resolve) => mails.listen(0, '127.0.0.1', () => resolve()));
  return `smtp://127.0.0.1:${(mails.server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  base = await freePortBase();
  const environment = {
    KIKI_HOME: home,
    LOG_LEVEL: 'debug',
    KIKI_ACCESS_LOG: 'true',
    SYNCENGAGE_SMTP_URL: await startMailServer(),
    SYNCENGAGE_MAIL_FROM: 'shop@example.test',
    SYNCENGAGE_DEFAULT_CURRENCY: 'EUR',
    SYNCENGAGE_CAP_MESSAGES: '10',
    SYNCSHIELD_PRIVACY_INTERVAL_MS: '200',
    SYNCSHIELD_PRIVACY_RETRY_MS: '2000',
  };
  const args = ['--port-base', String(base)];
  processes = new Map(
    Object.keys(PLACES).map((name) => [name, new ServiceProcess(name, environment, args)]),
  );
  for (const one of processes.values()) one.start();
  await Promise.all([...processes.values()].map((one) => one.ready()));
  key = [...processes.values()].map(({ firstKey }) => firstKey).find((one) => one) ?? '';
  server = await openPostgres({ home, name: 'erasure-spec' });
  database = new PostgresDatabase({ connection: server.connection, schema: 'public', max: 2 });
  await database.execute(
    `INSERT INTO kiki_auth.live_channels (tenant, channel, is_live, changed_by)
     VALUES ('default', 'email', true, 'spec') ON CONFLICT (tenant, channel) DO UPDATE SET is_live = true`,
  );
}, 180_000);

afterAll(async () => {
  await database?.close();
  await server?.release();
  await Promise.all([...(processes?.values() ?? [])].map((one) => one.end('SIGKILL')));
  await new Promise<void>((resolve) => mails.close(() => resolve()));
  removeHome(home);
}, 60_000);

/** The data directory, where root's server keeps it or the home itself. */
async function dataDirectory(): Promise<string> {
  const [row] = await database.query<{ setting: string }>(
    `SELECT setting FROM pg_settings WHERE name = 'data_directory'`,
  );
  return row!.setting;
}

async function filesOfServer(): Promise<string[]> {
  await database.execute('CHECKPOINT');
  return filesWith(await dataDirectory(), MARKER, ['pg_wal']);
}

const stateOf = async (id: string): Promise<Record<string, unknown>> =>
  must(shield('GET', `/v1/privacy/requests/${id}`));

describe('the erasure of 50 canaries', () => {
  it('begins with canaries everywhere', async () => {
    const value = new SyncValueClient({
      target: `127.0.0.1:${base}`,
      headers: () => ({ authorization: `Bearer ${key}` }),
      defaultDeadlineMs: 60_000,
    });
    await seedShield(shield, PEOPLE);
    await seedValue(value, PEOPLE);
    value.close();
    await seedEngage(engage, PEOPLE);
    await seedFlow(flow, PEOPLE);
    await seedCreate(create, PEOPLE[0]!);
    expect(received).toBeGreaterThan(10);
    const tables = (await tablesWith(database, MARKER)).map((line) => line.split(':')[0]);
    expect(tables).toEqual(
      expect.arrayContaining([
        ...['synccreate.jobs', 'syncengage.events', 'syncengage.messages', 'syncengage.outbox'],
        ...['syncengage.profiles', 'syncengage.consent_changes', 'syncflow.decisions'],
        ...['syncflow_queue.job', 'syncshield.holds', 'syncvalue.customer_attributes'],
        ...['syncvalue.customers', 'syncvalue.customer_days', 'syncvalue.transactions'],
      ]),
    );
    expect((await filesOfServer()).length).toBeGreaterThan(tables.length);
  }, 180_000);

  it('gives everything that is held to whoever asks for it', async () => {
    const { id: customerId, email, name } = PEOPLE[1]!;
    const body = { id: 'access-1', kind: 'access', regime: 'gdpr', email };
    await must(
      shield('POST', '/v1/privacy/requests', { ...body, verification: { method: 'logged_in' } }),
    );
    await waitFor(async () => (await stateOf('access-1'))['state'] === 'completed', {
      ...{ timeoutMs: 60_000, what: 'the export' },
    });
    const { services } = await must(shield('GET', '/v1/privacy/requests/access-1/export'));
    const all = services as Record<string, Record<string, unknown[]>>;
    expect(Object.keys(all).sort()).toEqual(Object.keys(PLACES).sort());
    expect(all['syncengage']!['syncengage.profiles']).toEqual([
      expect.objectContaining({ customer_id: customerId, email }),
    ]);
    expect(JSON.stringify(all['syncengage'])).toContain(name);
    expect(all['syncvalue']!['syncvalue.transactions']!.length).toBeGreaterThan(0);
    expect(all['syncflow']!['syncflow.decisions']!.length).toBeGreaterThan(0);
    expect(all['syncshield']!['syncshield.holds']).toHaveLength(1);
  }, 90_000);

  it('is refused under a legal hold', async () => {
    const { id: customerId } = PEOPLE[49]!;
    await must(
      shield('POST', '/v1/privacy/legal-holds', { id: 'case', customerId, matter: 'c 1' }),
    );
    const body = { id: 'held', kind: 'erase', regime: 'gdpr', customerId };
    await must(
      shield('POST', '/v1/privacy/requests', { ...body, verification: { method: 'document' } }),
    );
    await waitFor(async () => (await stateOf('held'))['state'] === 'rejected');
    expect(await stateOf('held')).toMatchObject({ state: 'rejected', reason: 'legal_hold' });
    expect((await engage('GET', `/v1/profiles/${customerId}`)).status).toBe(200);
    await must(shield('DELETE', '/v1/privacy/legal-holds/case'));
    await must(shield('GET', '/v1/privacy/legal-holds'));
  }, 60_000);

  it('stops processing for whoever objects, and keeps to that', async () => {
    const body = { id: 'objection', kind: 'opt_out', regime: 'ccpa', customerId: 'objector' };
    await must(
      shield('POST', '/v1/privacy/requests', { ...body, verification: { method: 'logged_in' } }),
    );
    await waitFor(async () => (await stateOf('objection'))['state'] === 'completed', {
      ...{ timeoutMs: 60_000, what: 'the objection' },
    });
    const question = { purpose: 'marketing', channel: 'email', region: 'US-TX' };
    const checks = [{ customerId: 'objector', ...question }];
    const { results } = await must(shield('POST', '/v1/consent/check', { checks }));
    expect(results).toMatchObject([{ decision: 'denied', reason: 'objected' }]);
  }, 90_000);

  it('stays open while one service is down', async () => {
    await processes.get('synccreate')!.end('SIGTERM');
    for (const [i, { id: customerId, email }] of PEOPLE.entries()) {
      await must(
        shield('POST', '/v1/privacy/requests', {
          ...{ id: `erase-${i}`, kind: 'erase', regime: i % 2 === 0 ? 'gdpr' : 'ccpa' },
          ...{ customerId, email, verification: { method: 'email_link', reference: email } },
          // The first one does not want to be taken in again.
          suppress: i === 0,
        }),
      );
    }
    await waitFor(
      async () => {
        const { steps } = await stateOf('erase-49');
        const by = steps as { service: string; state: string; lastError: string | null }[];
        const isDone = (name: string): boolean =>
          by.some(({ service, state }) => service === name && state === 'confirmed');
        return (
          ['syncengage', 'syncflow', 'syncvalue'].every(isDone) &&
          by.some(({ service, lastError }) => service === 'synccreate' && lastError !== null)
        );
      },
      { timeoutMs: 120_000, what: 'the others to confirm' },
    );
    expect(await stateOf('erase-49')).toMatchObject({ state: 'running', finishedAt: null });
  }, 180_000);

  it('completes when the service is back', async () => {
    const create = processes.get('synccreate')!;
    const before = create.log;
    create.start();
    await create.ready();
    expect(before).not.toContain(MARKER);
    await waitFor(
      async () => {
        const { items } = await must(shield('GET', '/v1/privacy/requests?state=running&limit=200'));
        return (items as unknown[]).length === 0;
      },
      { timeoutMs: 240_000, what: 'all requests to complete' },
    );
    const shown = await stateOf('erase-0');
    expect(shown).toMatchObject({ state: 'completed', isOverdue: false });
    const steps = shown['steps'] as { receipt: { counts: Record<string, number> } }[];
    expect(steps).toHaveLength(5);
    const counts = Object.assign({}, ...steps.map(({ receipt }) => receipt.counts)) as object;
    expect(counts).toMatchObject({
      'syncengage.profiles': 1,
      'syncflow.decisions': 1,
      'synccreate.jobs': 1,
      'syncvalue.customers': 1,
      'syncshield.holds': 1,
      'kiki_subject_keys.subject_keys': 1,
    });
  }, 300_000);

  it('leaves no canary in any table, file, object or log', async () => {
    expect(await tablesWith(database, MARKER)).toEqual([]);
    expect(await filesOfServer()).toEqual([]);
    expect(await filesWith(path.join(home, 'objects'), MARKER)).toEqual([]);
    expect(await filesWith(path.join(home, 'postgres'), MARKER, ['pg_wal'])).toEqual([]);
    const logs = [...processes.values()].filter(({ log }) => log.includes(MARKER));
    expect(logs.map(({ name }) => name)).toEqual([]);
  }, 120_000);

  it('keeps what money and proof need', async () => {
    const { body: decision } = await flow('GET', '/v1/decisions/opportunity-0?campaignId=canary');
    expect(JSON.stringify(decision)).toContain('erased_');
    expect((await shield('GET', '/v1/holds/hold-0')).status).toBe(200);
    expect((await engage('GET', `/v1/profiles/${PEOPLE[0]!.id}`)).status).toBe(404);
    const evidence = await must(shield('GET', '/v1/privacy/requests/erase-0/evidence'));
    const { record } = evidence['audit'] as { record: string };
    expect(JSON.parse(record)).toMatchObject({ action: 'privacy.completed', requestId: 'erase-0' });
  }, 30_000);

  it('leaves an audit log that verifies offline', async () => {
    const { keys } = await must(shield('GET', '/v1/audit/public-key'));
    const lines: string[] = [];
    for (let from: number | null = 0; from !== null;) {
      const page = await must(shield('GET', `/v1/audit/entries?from=${from}&limit=4096`));
      lines.push(...(page['items'] as object[]).map((item) => JSON.stringify(item)));
      from = page['nextFrom'] as number | null;
    }
    const checkpoint = await waitFor(async () => {
      const { body } = await shield('GET', '/v1/audit/checkpoint');
      const text = String(body['text']);
      return Number(text.split('\n')[1]) >= lines.length ? text : undefined;
    });
    const report = await verifyAuditLog({
      log: [Buffer.from(`${lines.join('\n')}\n`)],
      checkpoints: [checkpoint],
      publicKeys: (keys as { key: string }[]).map((one) => one.key),
    });
    expect(report.findings).toEqual([]);
    expect(report.isValid).toBe(true);
    expect(lines.join('\n')).not.toContain(MARKER);
  }, 60_000);

  it('is in the report of the period, with the record of processing of all five', async () => {
    const from = new Date(Date.now() - 86_400_000).toISOString();
    const report = await must(shield('GET', `/v1/compliance/report?from=${from}`));
    expect(report['requests']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'erase', regime: 'ccpa', completed: 25, late: 0 }),
        expect.objectContaining({ kind: 'erase', regime: 'gdpr', completed: 25, rejected: 1 }),
      ]),
    );
    const services = report['processing'] as { isReachable: boolean; stores: unknown[] }[];
    expect(services.filter(({ stores }) => stores.length > 2)).toHaveLength(5);
    const { text } = await must(shield('GET', `/v1/compliance/report?from=${from}&format=html`));
    expect(text).toContain('<!doctype html>');
    expect(text).toContain('syncvalue.customer_days');
  }, 30_000);

  it('takes the same customer in again as somebody new, unless they said never', async () => {
    const [never, again] = PEOPLE.map(({ id }) => id) as [string, string];
    await must(engage('POST', '/v1/identify', { userId: again, traits: { plan: 'new' } }));
    const profile = await must(engage('GET', `/v1/profiles/${again}`));
    expect(profile).toMatchObject({ subscription: 'unknown', traits: { plan: 'new' } });
    const question = { purpose: 'marketing', channel: 'email', region: 'US-TX' };
    const checks = [never, again].map((customerId) => ({ customerId, ...question }));
    const { results } = await must(shield('POST', '/v1/consent/check', { checks }));
    expect((results as { reason: string }[]).map(({ reason }) => reason)).toEqual([
      ...['objected', 'no_objection'],
    ]);
  });
});
