/**
 * Goal: services that share a process behave as if each had one of its own, and stop without losing a request.
 * Method: small services with real names on a real PostgreSQL, called over HTTP.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, waitFor, type TestDatabase, removeHome } from '@kiki/testing';
import { openApiDocument } from './openapi.js';
import { Gate, probeService } from './probe.fixture.js';
import { start, type Host } from './start.js';

const home = mkdtempSync(join(tmpdir(), 'kiki-host-'));
let db: TestDatabase;
let environment: Record<string, string>;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  environment = { DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' };
});

afterAll(async () => {
  await db.drop();
  removeHome(home);
});

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever came back
async function json(url: string, init?: RequestInit): Promise<{ status: number; body: any }> {
  const answer = await fetch(url, init);
  return { status: answer.status, body: await answer.json() };
}

/** Sessions of KIKI on the test's database, besides those of the spec itself. */
async function sessions(): Promise<number> {
  const rows = await db.database.query<{ count: bigint }>(
    `SELECT count(*) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name NOT LIKE '%unused'`,
  );
  return Number(rows[0]?.count);
}

describe('two services in one process', () => {
  let host: Host;
  let firstKey: string;

  beforeAll(async () => {
    const definitions = [probeService('syncflow'), probeService('syncshield')];
    const peer = { SYNCCREATE_URL: 'http://spec:hunter2@127.0.0.1:1' };
    host = await start(definitions, { environment: { ...environment, ...peer }, portBase: 0 });
    firstKey = host.firstKey ?? '';
  });

  afterAll(() => host.stop());

  const call = (name: 'syncflow' | 'syncshield', path: string, init: RequestInit = {}) =>
    json(`${host.service(name).httpUrl}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${firstKey}`, ...init.headers },
    });

  it('start in the order in which they need each other, each on its own port', () => {
    expect(host.services.map(({ name }) => name)).toEqual(['syncshield', 'syncflow']);
    expect(new Set(host.services.map(({ httpUrl }) => httpUrl)).size).toBe(2);
    expect(host.profile).toBe('one-store');
    expect(firstKey).toMatch(/^kiki_live_/);
  });

  it.each(['syncflow', 'syncshield'] as const)('answer health and readiness: %s', async (name) => {
    const { httpUrl } = host.service(name);
    expect(await json(`${httpUrl}/health`)).toMatchObject({
      status: 200,
      body: { status: 'ok', service: name },
    });
    expect(await json(`${httpUrl}/ready`)).toMatchObject({
      status: 200,
      body: {
        status: 'ready',
        profile: 'one-store',
        checks: { database: { status: 'up', mode: 'external' }, queue: { store: 'postgres' } },
      },
    });
  });

  it('have at least 20 series each and none of the other', async () => {
    for (const { httpUrl, name } of host.services) {
      const page = await (await fetch(`${httpUrl}/metrics`)).text();
      const series = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      expect(series.filter((line) => line.startsWith(`kiki_${name}_`)).length).toBeGreaterThan(20);
      expect(series.filter((line) => !line.startsWith(`kiki_${name}_`))).toEqual([]);
      expect(page).toMatch(/kiki_\w+_nodejs_eventloop_lag_p99_seconds \d/);
      expect(page).toMatch(/kiki_\w+_build_info\{version="[^"]+",node="[^"]+"\} 1/);
    }
  });

  it('ask for a key of the right scope and validate by the schema', async () => {
    const url = `${host.service('syncflow').httpUrl}/v1/sums`;
    expect(await json(url, { method: 'POST' })).toMatchObject({
      status: 401,
      body: { code: 'key_missing' },
    });
    const body = JSON.stringify({ a: 1, b: 'x' });
    const headers = { 'content-type': 'application/json' };
    const refused = await call('syncflow', '/v1/sums', { method: 'POST', body, headers });
    expect(refused).toMatchObject({ status: 400, body: { fields: [{ field: 'b' }] } });
    expect(await call('syncflow', '/v1/undeclared')).toMatchObject({
      status: 403,
      body: { code: 'route_undeclared' },
    });
  });

  it('run a POST with an Idempotency-Key once', async () => {
    const post = (a: number) =>
      call('syncflow', '/v1/sums', {
        method: 'POST',
        body: JSON.stringify({ a, b: 2 }),
        headers: { 'content-type': 'application/json', 'idempotency-key': 'once' },
      });
    expect(await post(1)).toEqual({ status: 200, body: { sum: 3, tenant: 'default' } });
    expect(await post(1)).toEqual({ status: 200, body: { sum: 3, tenant: 'default' } });
    expect(await post(5)).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
  });

  it('know the ports of each other, and the default ports of the rest', async () => {
    const expected = {
      syncvalue: '127.0.0.1:50051',
      syncshield: host.service('syncshield').httpUrl,
      syncflow: host.service('syncflow').httpUrl,
    };
    for (const name of ['syncflow', 'syncshield'] as const) {
      expect((await call(name, '/v1/peers')).body).toEqual(expected);
    }
  });

  it('show operators, and nobody else, what they were started with, and no secret', async () => {
    const { httpUrl } = host.service('syncflow');
    expect((await fetch(`${httpUrl}/settings`)).status).toBe(401);
    const { body } = await call('syncflow', '/settings');
    expect(body).toMatchObject({
      service: 'syncflow',
      settings: {
        SYNCFLOW_ANSWERS: '42',
        DATABASE_URL: '********',
        SYNCVALUE_URL: '127.0.0.1:50051',
        SYNCSHIELD_URL: host.service('syncshield').httpUrl,
        SYNCCREATE_URL: 'http://spec:********@127.0.0.1:1',
      },
    });
    const { admin } = host.auth;
    const { key } = await admin.createKey({ tenant: 'default', name: 'spec', scopes: ['*'] });
    const headers = { authorization: `Bearer ${key}` };
    expect((await fetch(`${httpUrl}/settings`, { headers })).status).toBe(403);
  });

  it('serve the document that is committed as their contract, to whoever has a key', async () => {
    const { httpUrl } = host.service('syncflow');
    expect((await fetch(`${httpUrl}/openapi.json`)).status).toBe(401);
    const { body } = await call('syncflow', '/openapi.json');
    expect(body).toEqual(await openApiDocument(probeService('syncflow')));
    const headers = { authorization: `Bearer ${firstKey}` };
    const docs = await (await fetch(`${httpUrl}/docs`, { headers })).text();
    expect(docs).toContain('/v1/sums');
  });

  it('start a second time on the same stores, without another first key', async () => {
    await host.stop();
    await waitFor(async () => (await sessions()) === 0, { what: 'the sessions to end' });
    const definitions = [probeService('syncshield'), probeService('syncflow')];
    host = await start(definitions, { environment, portBase: 0 });
    expect(host.firstKey).toBeUndefined();
    expect((await call('syncflow', '/v1/peers')).status).toBe(200);
  });
});

describe('a stop', () => {
  it('lets a request in flight finish, refuses new ones, and says unready before', async () => {
    const gate = new Gate();
    const host = await start([probeService('syncflow', gate)], {
      environment: { ...environment, KIKI_DRAIN_DELAY_MS: '300' },
      portBase: 0,
    });
    const { httpUrl } = host.service('syncflow');
    const slow = json(`${httpUrl}/v1/slow`);
    await waitFor(() => gate.waiting === 1);
    let isStopped = false;
    const stopped = host.stop().then(() => (isStopped = true));
    expect(await json(`${httpUrl}/ready`)).toMatchObject({
      status: 503,
      body: { status: 'unready', checks: { drain: { status: 'down' } } },
    });
    await waitFor(() =>
      fetch(`${httpUrl}/health`).then(
        () => false,
        () => true,
      ),
    );
    expect(isStopped).toBe(false);
    gate.release();
    expect(await slow).toEqual({ status: 200, body: { done: true } });
    await stopped;
    await waitFor(async () => (await sessions()) === 0, { what: 'the sessions to end' });
  });

  it('cuts off what does not end within the grace', async () => {
    const gate = new Gate();
    const host = await start([probeService('syncflow', gate)], {
      environment: { ...environment, KIKI_DRAIN_GRACE_MS: '50' },
      portBase: 0,
    });
    const slow = fetch(`${host.service('syncflow').httpUrl}/v1/slow`);
    const refused = expect(slow).rejects.toThrow();
    await waitFor(() => gate.waiting === 1);
    await host.stop();
    await refused;
    gate.release();
  });
});

describe('a service that will not close', () => {
  it('holds the stop up only until the grace is over', async () => {
    const stuck = {
      module: class StuckModule {
        onModuleDestroy(): Promise<void> {
          return new Promise(() => undefined);
        }
      },
    };
    const host = await start([{ ...probeService('syncflow'), module: () => stuck }], {
      environment: { ...environment, KIKI_DRAIN_GRACE_MS: '10' },
      portBase: 0,
    });
    await host.stop();
    await waitFor(async () => (await sessions()) === 0, { what: 'the sessions to end' });
  });
});

describe('a start that cannot succeed', () => {
  it('names every wrong variable of every service at once', async () => {
    const wrong = {
      ...environment,
      KIKI_REPLICAS: 'many',
      SYNCFLOW_HTTP_PORT: '70000',
      SYNCFLOW_ANSWERS: '0',
      SYNCSHIELD_ANSWERS: 'x',
      KIKI_DATABASE_CONNECTIONS: '1',
    };
    const started = start([probeService('syncflow'), probeService('syncshield')], {
      environment: wrong,
    });
    await expect(started).rejects.toMatchObject({ code: 'config_invalid' });
    const error = (await started.catch((e: unknown) => e)) as Error;
    for (const name of Object.keys(wrong).slice(3)) expect(error.message).toContain(name);
  });

  it('names the taken port before any store is opened', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as AddressInfo;
    const started = start([probeService('syncshield'), probeService('syncflow')], {
      environment: {
        ...{ ...environment, DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing' },
        ...{ SYNCSHIELD_HTTP_PORT: '0', SYNCFLOW_HTTP_PORT: String(port) },
      },
    });
    await expect(started).rejects.toMatchObject({ code: 'port_in_use', details: { port } });
    await expect(started).rejects.toThrow('SYNCFLOW_HTTP_PORT');
    blocker.close();
  });

  it('says when an address is not one of this machine', async () => {
    const started = start([probeService('syncflow')], {
      environment: { ...environment, KIKI_BIND_HOST: '192.0.2.1' },
    });
    await expect(started).rejects.toMatchObject({ code: 'address_unusable' });
  });

  it('closes everything when a module throws', async () => {
    const broken = {
      ...probeService('syncflow'),
      module: () => {
        throw new Error('broken');
      },
    };
    let firstUrl = '';
    const started = start([probeService('syncshield'), broken], {
      ...{ environment, portBase: 0 },
      onReady: ({ httpUrl }) => (firstUrl = httpUrl),
    });
    await expect(started).rejects.toThrow('broken');
    await expect(fetch(`${firstUrl}/health`)).rejects.toThrow();
    await waitFor(async () => (await sessions()) === 0, { what: 'the sessions to end' });
  });
});

describe('a port base', () => {
  it('gives each service its place, whichever are started, and peers the places of the others', async () => {
    const base = await freeBase();
    const definitions = [probeService('syncengage'), probeService('syncflow')];
    const host = await start(definitions, { environment, portBase: base });
    expect(host.services.map(({ httpUrl }) => httpUrl)).toEqual([
      `http://127.0.0.1:${base + 2}`,
      `http://127.0.0.1:${base + 3}`,
    ]);
    const { key } = await host.auth.admin.createKey({ name: 'probe', scopes: ['platform:read'] });
    const headers = { authorization: `Bearer ${key}` };
    const { body } = await json(`${host.service('syncflow').httpUrl}/v1/peers`, { headers });
    expect(body).toEqual({
      syncvalue: `127.0.0.1:${base}`,
      syncshield: `http://127.0.0.1:${base + 1}`,
      syncflow: `http://127.0.0.1:${base + 2}`,
    });
    await host.stop();
  });
});

/** A base whose first six ports are free. */
async function freeBase(): Promise<number> {
  for (let base = 20_000 + (process.pid % 500) * 60; ; base += 6) {
    const servers = await Promise.all(
      Array.from({ length: 6 }, (_, i) => {
        const server = createServer();
        return new Promise<{ server: typeof server; isFree: boolean }>((resolve) => {
          server.once('error', () => resolve({ server, isFree: false }));
          server.listen(base + i, '127.0.0.1', () => resolve({ server, isFree: true }));
        });
      }),
    );
    for (const { server } of servers) server.close();
    if (servers.every(({ isFree }) => isFree)) return base;
  }
}
