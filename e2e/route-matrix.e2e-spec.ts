/**
 * Goal: no route of any service can be used without a key, with the wrong scope, or across tenants; a new one
 * cannot escape. Method: start all five; take the routes from the served OpenAPI documents, from Nest's own
 * controllers and from the proto descriptors; try every route × every way to be refused. A new route with an id in
 * its path needs a row in route-seeds.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { subjectDataGrpc, syncValueGrpc } from '@kiki/contract-syncvalue';
import { methodsOf } from '@kiki/grpc';
import { start, type Host, type ServiceName } from '@kiki/host';
import type { OpenApiDocument, OpenApiOperation } from '@kiki/http';
import { synccreateDefinition } from '@kiki/service-synccreate';
import { syncengageDefinition } from '@kiki/service-syncengage';
import { syncflowDefinition } from '@kiki/service-syncflow';
import { syncshieldDefinition } from '@kiki/service-syncshield';
import { syncvalueDefinition } from '@kiki/service-syncvalue';
import { createTestDatabase, repositoryRoot, type TestDatabase, removeHome } from '@kiki/testing';
import { declaredRoutes } from './declared-routes.ts';
import { statusOf } from './grpc-probe.ts';
import { SEEDERS, type Call } from './route-seeds.ts';

const DEFINITIONS = [
  syncvalueDefinition,
  syncshieldDefinition,
  syncflowDefinition,
  syncengageDefinition,
  synccreateDefinition,
];
const HTTP_APIS = ['syncshield', 'syncflow', 'syncengage', 'synccreate'] as const;
/** Open to everyone, by name: nothing else may be. */
const PUBLIC = ['GET /health', 'GET /metrics', 'GET /ready'];

/** One route of the HTTP services. */
interface Route {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly scope: string | undefined;
  readonly access: string | undefined;
}

const home = mkdtempSync(path.join(tmpdir(), 'kiki-matrix-'));
const keys = new Map<string, Promise<string>>();
let db: TestDatabase;
let host: Host;

/** A key of a tenant with these scopes, made once. */
function keyOf(tenant: string, ...scopes: string[]): Promise<string> {
  const name = [tenant, ...scopes].join(' ');
  let key = keys.get(name);
  if (key === undefined) {
    key = host.auth.admin.createKey({ tenant, name, scopes }).then((made) => made.key);
    keys.set(name, key);
  }
  return key;
}

async function request(
  service: ServiceName,
  method: string,
  target: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const sent = method === 'GET' ? undefined : JSON.stringify(body ?? {});
  const answer = await fetch(`${host.service(service).httpUrl}${target}`, {
    method,
    headers: { ...headers, ...(sent !== undefined && { 'content-type': 'application/json' }) },
    ...(sent !== undefined && { body: sent }),
    redirect: 'manual',
  });
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get('content-type') ?? '');
  return {
    status: answer.status,
    body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

async function routesOf(service: ServiceName): Promise<Route[]> {
  const headers = bearer(await keyOf('acme', '*'));
  const { body } = await request(service, 'GET', '/openapi.json', headers);
  const document = body as unknown as OpenApiDocument;
  return Object.entries(document.paths).flatMap(([target, item]) =>
    Object.entries(item).map(([method, operation]: [string, OpenApiOperation]) => ({
      name: `${method.toUpperCase()} ${target}`,
      method: method.toUpperCase(),
      path: target,
      scope: operation['x-kiki-scope'] as string | undefined,
      access: operation['x-kiki-access'] as string | undefined,
    })),
  );
}

/** The path with something in the place of each parameter. */
const filled = (target: string, text = 'nothing-here'): string =>
  target.replace(/\{[^}]+\}/g, text);

/** A scope that does not include the asked one: the next lower level, or another area's highest. */
function otherScopes(scope: string): string[] {
  const [area, level] = scope.split(':') as [string, string];
  const lower = { admin: `${area}:write`, write: `${area}:read` }[level];
  return [area === 'value' ? 'flow:admin' : 'value:admin', ...(lower === undefined ? [] : [lower])];
}

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = { DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' };
  host = await start(DEFINITIONS, { environment, portBase: 0 });
  for (const tenant of ['acme', 'rival']) await host.auth.admin.createTenant({ tenant });
}, 60_000);

afterAll(async () => {
  await host.stop();
  await db.drop();
  removeHome(home);
});

describe.each(HTTP_APIS)('every route of %s', (service) => {
  let routes: Route[];
  let guarded: Route[];

  beforeAll(async () => {
    routes = await routesOf(service);
    guarded = routes.filter(({ scope }) => scope !== undefined);
  });

  /** The routes whose answer is not as expected, with what they answered. */
  async function wrongAnswers(
    among: readonly Route[],
    expected: string,
    headers: (route: Route) => Promise<Record<string, string>[]>,
  ): Promise<string[]> {
    const wrong: string[] = [];
    for (const route of among) {
      for (const sent of await headers(route)) {
        const { status, body } = await request(service, route.method, filled(route.path), sent);
        const got = `${status} ${String(body['code'])}`;
        if (got !== expected) wrong.push(`${route.name}: ${got}`);
      }
    }
    return wrong;
  }

  it('declares who may call it, also when the document hides it', () => {
    const undeclared = declaredRoutes(host.service(service).app)
      .filter(({ access }) => access.kind === 'undeclared')
      .map(({ handler }) => handler);
    expect(undeclared).toEqual([]);
    const open = routes.filter(({ scope, access }) => scope === undefined && access !== 'signed');
    expect(open.map(({ name }) => name).sort()).toEqual(PUBLIC);
    expect(guarded.length).toBeGreaterThan(2);
  });

  it('is in the document, except the document itself', () => {
    const documented = new Set(routes.map((route) => route.path.replace(/\{(\w+)\}/g, ':$1')));
    const hidden = declaredRoutes(host.service(service).app)
      .map((route) => route.path)
      .filter((target) => !documented.has(target));
    expect(hidden.sort()).toEqual(['/docs', '/openapi.json']);
  });

  it('refuses a call without a key', async () => {
    expect(await wrongAnswers(guarded, '401 key_missing', () => Promise.resolve([{}]))).toEqual([]);
  });

  it('refuses a key of the wrong scope', async () => {
    const headersOf = ({ scope }: Route) =>
      Promise.all(otherScopes(scope!).map(async (one) => bearer(await keyOf('acme', one))));
    expect(await wrongAnswers(guarded, '403 scope_missing', headersOf)).toEqual([]);
  });

  it('lets a key of exactly the declared scope in', async () => {
    const refused: string[] = [];
    for (const { name, method, path: target, scope } of guarded) {
      const headers = bearer(await keyOf('acme', scope!));
      const { status } = await request(service, method, filled(target), headers);
      if (status === 401 || status === 403) refused.push(`${name}: ${status}`);
    }
    expect(refused).toEqual([]);
  });

  it('refuses a key that names another tenant', async () => {
    const headersOf = async ({ scope }: Route) => [
      { ...bearer(await keyOf('acme', scope!)), 'kiki-tenant': 'rival' },
    ];
    expect(await wrongAnswers(guarded, '403 tenant_forbidden', headersOf)).toEqual([]);
  });

  it('refuses a signed route without a token, and with one of another purpose', async () => {
    const expiresAtMs = Date.now() + 60_000;
    const claim = { tenant: 'acme', purpose: 'another', subject: 's', expiresAtMs };
    const tokens = ['nothing-here', host.auth.urlSigner.sign(claim)];
    const wrong: string[] = [];
    for (const { name, method, path: target } of routes.filter((r) => r.access === 'signed')) {
      for (const token of tokens) {
        const { status, body } = await request(service, method, filled(target, token));
        if (body['code'] !== 'token_invalid') wrong.push(`${name}: ${status}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("answers 404 to another tenant's ids", async () => {
    const callAs =
      (key: string): Call =>
      (method, target, body) =>
        request(service, method, target, bearer(key), body);
    const [owner, rival] = [callAs(await keyOf('acme', '*')), callAs(await keyOf('rival', '*'))];
    const seeds = (await SEEDERS[service]?.(owner)) ?? {};
    const withIds = guarded.filter((route) => route.path.includes('{'));
    expect(Object.keys(seeds).sort()).toEqual(withIds.map(({ name }) => name).sort());
    const wrong: string[] = [];
    for (const [name, seed] of Object.entries(seeds)) {
      const method = name.slice(0, name.indexOf(' '));
      const foreign = await rival(method, seed.path, seed.body);
      if (foreign.status !== 404) wrong.push(`${name} as another tenant: ${foreign.status}`);
      const own = await owner(method, seed.path, seed.body);
      if ([401, 403, 404].includes(own.status)) wrong.push(`${name} as its owner: ${own.status}`);
    }
    expect(wrong).toEqual([]);
  }, 120_000);
});

describe('the host of five', () => {
  it('holds at most 60 connections to PostgreSQL', async () => {
    const rows = await db.database.query<{ name: string; count: bigint }>(
      `SELECT application_name AS name, count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name <> 'kiki-unused' GROUP BY 1`,
    );
    const total = rows.reduce((sum, { count }) => sum + Number(count), 0);
    expect(total).toBeGreaterThan(5);
    expect(total).toBeLessThanOrEqual(60);
  });
});

describe('every method of SyncValue', () => {
  const methods = [...methodsOf(syncValueGrpc), ...methodsOf(subjectDataGrpc)];
  const proto = ['sync_value_service', 'privacy']
    .map((name) => path.join(repositoryRoot, `proto/kiki/syncvalue/v1/${name}.proto`))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  /** The scope that the comment above an rpc names. */
  const scopeOf = (method: string): string =>
    new RegExp(`Scope (\\w+:\\w+)(?:(?!rpc )[^])*rpc ${method}\\(`).exec(proto)?.[1] ?? 'none';

  async function answers(
    headersOf: (scope: string) => Promise<Record<string, string>[]>,
  ): Promise<Record<string, string>> {
    const target = host.service('syncvalue').grpcTarget!;
    const seen: Record<string, string> = {};
    for (const method of methods) {
      const all = await headersOf(scopeOf(method.name));
      const got = await Promise.all(all.map((headers) => statusOf(target, method, headers)));
      seen[method.name] = [...new Set(got)].join(' ');
    }
    return seen;
  }

  const allAre = (status: string): Record<string, string> =>
    Object.fromEntries(methods.map(({ name }) => [name, status]));

  it('declares a scope in the contract', () => {
    const others = methods.map(({ name }) => scopeOf(name)).filter((s) => !/^value:/.test(s));
    expect(others).toEqual(['privacy:write']);
    expect(methods.length).toBeGreaterThanOrEqual(11);
  });

  it('serves over HTTP only what is public, and its settings to operators', async () => {
    const { app } = host.service('syncvalue');
    const served = declaredRoutes(app).map(({ path: target, access }) => {
      const scope = access.kind === 'scope' ? ` ${access.scope}` : '';
      return `GET ${target}${scope}`;
    });
    expect(served.sort()).toEqual([...PUBLIC, 'GET /settings platform:read']);
    expect((await request('syncvalue', 'GET', '/settings')).status).toBe(401);
  });

  it('refuses a call without a key', async () => {
    expect(await answers(() => Promise.resolve([{}]))).toEqual(allAre('UNAUTHENTICATED'));
  });

  it('refuses a key of the wrong scope', async () => {
    const got = await answers((scope) =>
      Promise.all(otherScopes(scope).map(async (one) => bearer(await keyOf('acme', one)))),
    );
    expect(got).toEqual(allAre('PERMISSION_DENIED'));
  });

  it('refuses a key that names another tenant', async () => {
    const got = await answers(async (scope) => [
      { ...bearer(await keyOf('acme', scope)), 'kiki-tenant': 'rival' },
    ]);
    expect(got).toEqual(allAre('PERMISSION_DENIED'));
  });

  it('lets a key of exactly the declared scope in', async () => {
    const got = await answers(async (scope) => [bearer(await keyOf('acme', scope))]);
    const refused = Object.entries(got).filter(([, s]) => /UNAUTHENTICATED|PERMISSION/.test(s));
    expect(refused).toEqual([]);
  });
});
