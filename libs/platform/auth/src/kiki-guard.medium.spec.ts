/**
 * Goal: no request reaches a handler that its route does not let in, and a caller beyond its limit learns when to come back.
 * Method: a real Nest application on Fastify with every kind of route, a real store of keys, limits on a clock in the spec's hand.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock, SystemRandom, type DomainError } from '@kiki/kernel';
import { SilentLogger } from '@kiki/logging';
import { PostgresDatabase } from '@kiki/postgres';
import { InProcessRateLimiter } from '@kiki/redis';
import { createTestDatabase, FakeClock, type TestDatabase } from '@kiki/testing';
import {
  Catch,
  Controller,
  Get,
  Post,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Auth, AUTH_SCHEMA, authMigrationsDir } from './auth.js';
import type { NewKey } from './admin-records.js';
import {
  CurrentClaim,
  CurrentPrincipal,
  PublicRoute,
  RequireScope,
  SignedRoute,
  Tenant,
} from './decorators.js';

/** A filter as plain as can be: the code, and a status that is no success. */
@Catch()
class CodeFilter implements ExceptionFilter {
  catch(error: DomainError, host: ArgumentsHost): void {
    const reply = host
      .switchToHttp()
      .getResponse<{ status(n: number): { send(body: unknown): void } }>();
    const { code, kind, message, details } = error;
    reply.status(418).send({ code, kind, message, details });
  }
}

@Controller()
class Routes {
  @Get('public') @PublicRoute() public(): string {
    return 'public';
  }

  @Get('read') @RequireScope('shield:read') read(@CurrentPrincipal() caller: unknown): unknown {
    return caller;
  }

  @Post('write') @RequireScope('shield:write') write(@Tenant() tenant: string): string {
    return tenant;
  }

  @Get('u/:token') @SignedRoute('unsubscribe') unsubscribe(
    @CurrentClaim() claim: unknown,
  ): unknown {
    return claim;
  }

  @Get('forgotten') forgotten(): string {
    return 'nobody may see this';
  }
}

@Controller('class')
@RequireScope('shield:admin')
class ClassRoutes {
  @Get('inherits') inherits(): string {
    return 'inherits';
  }

  @Get('own') @RequireScope('shield:read') own(): string {
    return 'own';
  }
}

describe('the guard', () => {
  let store: TestDatabase;
  let database: PostgresDatabase;
  let auth: Auth;
  let app: NestFastifyApplication;
  const clock = new FakeClock();
  let reader: NewKey;
  let writer: NewKey;

  beforeAll(async () => {
    store = await createTestDatabase({ schema: AUTH_SCHEMA, migrationsDir: authMigrationsDir });
    database = new PostgresDatabase({ connection: store.connection, schema: AUTH_SCHEMA, max: 3 });
    auth = new Auth({
      ...{ database, clock: new SystemClock(), random: new SystemRandom() },
      ...{
        logger: new SilentLogger(),
        rootSecret: 'a root secret of more than thirty-two characters',
      },
    });
    await auth.admin.createTenant({ tenant: 'acme' });
    reader = await auth.admin.createKey({ tenant: 'acme', name: 'r', scopes: ['shield:read'] });
    writer = await auth.admin.createKey({ tenant: 'acme', name: 'w', scopes: ['shield:write'] });
    const module = await Test.createTestingModule({ controllers: [Routes, ClassRoutes] }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), {
      logger: false,
    });
    app.useGlobalFilters(new CodeFilter());
    app.useGlobalGuards(auth.guard(new InProcessRateLimiter(clock)));
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  }, 60_000);
  afterAll(async () => {
    await app?.close();
    await auth?.close();
    await database?.close();
    await store?.drop();
  });

  async function call(
    url: string,
    headers: Record<string, string> = {},
    method: 'GET' | 'POST' = 'GET',
  ) {
    const answer = await app.inject({ method, url, headers });
    const isJson = String(answer.headers['content-type']).includes('json');
    const body = isJson ? answer.json<Record<string, unknown>>() : { text: answer.body };
    return { status: answer.statusCode, headers: answer.headers, body, code: body['code'] };
  }

  const bearer = (key: NewKey, more: Record<string, string> = {}): Record<string, string> => ({
    authorization: `Bearer ${key.key}`,
    ...more,
  });

  it('lets everybody in where the route says so, and nobody where it says nothing', async () => {
    expect(await call('/public')).toMatchObject({ status: 200, body: { text: 'public' } });
    const everything = await auth.admin.createKey({ name: 'all', scopes: ['*', 'platform:admin'] });
    expect((await call('/forgotten', bearer(everything))).code).toBe('route_undeclared');
    expect((await call('/forgotten')).code).toBe('route_undeclared');
  });

  it('asks for a key, and says how to send it', async () => {
    const missing = await call('/read');
    expect(missing).toMatchObject({ status: 418, code: 'key_missing' });
    expect(missing.headers['www-authenticate']).toBe('Bearer realm="kiki"');
    for (const [authorization, code] of [
      ['', 'key_missing'],
      ['Bearer ', 'key_missing'],
      ['bearer', 'key_missing'],
      ['Bearer nonsense', 'key_malformed'],
      ['Digest x', 'key_malformed'],
      [`Bearer ${reader.key}x`, 'key_malformed'],
    ]) {
      expect((await call('/read', { authorization: authorization! })).code).toBe(code);
    }
  });

  it('knows the caller and its tenant by the key, also by Basic as Segment’s clients send it', async () => {
    const { keyId } = reader.info;
    const caller = { keyId, tenant: 'acme', scopes: ['shield:read'] };
    expect((await call('/read', bearer(reader))).body).toEqual(caller);
    expect((await call('/read', { authorization: `bearer ${reader.key}` })).body).toEqual(caller);
    const basic = Buffer.from(`${reader.key}:`).toString('base64');
    expect((await call('/read', { authorization: `Basic ${basic}` })).body).toEqual(caller);
  });

  it('asks for the scope of the route; more includes less', async () => {
    expect((await call('/write', bearer(reader), 'POST')).body).toMatchObject({
      code: 'scope_missing',
      details: { requiredScope: 'shield:write' },
    });
    expect((await call('/write', bearer(writer), 'POST')).body).toEqual({ text: 'acme' });
    expect((await call('/read', bearer(writer))).status).toBe(200);
    expect((await call('/class/own', bearer(reader))).status).toBe(200);
    expect((await call('/class/inherits', bearer(writer))).code).toBe('scope_missing');
  });

  it('believes a tenant header from services only', async () => {
    const foreign = bearer(writer, { 'kiki-tenant': 'default' });
    expect((await call('/write', foreign, 'POST')).code).toBe('tenant_forbidden');
    const service = {
      authorization: `Bearer ${auth.serviceKey('syncflow')}`,
      'kiki-tenant': 'acme',
    };
    expect((await call('/write', service, 'POST')).body).toEqual({ text: 'acme' });
  });

  it('opens a signed route to its token alone, for the time that it says', async () => {
    const claim = { tenant: 'acme', purpose: 'unsubscribe', subject: 'm1' };
    const now = Date.now();
    const token = auth.urlSigner.sign({ ...claim, expiresAtMs: now + 60_000 });
    expect((await call(`/u/${token}`)).body).toMatchObject(claim);
    const late = auth.urlSigner.sign({ ...claim, expiresAtMs: now - 1 });
    expect((await call(`/u/${late}`)).code).toBe('token_expired');
    const other = auth.urlSigner.sign({ ...claim, purpose: 'notice', expiresAtMs: now + 60_000 });
    expect((await call(`/u/${other}`)).code).toBe('token_invalid');
    expect((await call(`/u/${token}x`, bearer(writer))).code).toBe('token_invalid');
  });

  it('counts down a key’s limit in headers, refuses beyond it with Retry-After, and lets in after that time', async () => {
    const limit = { ratePerSecond: 0.5, burst: 2 };
    const key = await auth.admin.createKey({
      tenant: 'acme',
      name: 'l',
      scopes: ['shield:read'],
      limit,
    });
    const left = async (): Promise<unknown> =>
      (await call('/read', bearer(key))).headers['ratelimit-remaining'];
    expect([await left(), await left()].map(String)).toEqual(['1', '0']);
    const refused = await call('/read', bearer(key));
    expect(refused).toMatchObject({ code: 'rate_limited', body: { kind: 'rate_limited' } });
    expect(refused.headers['retry-after']).toBe('2');
    expect((await call('/read', bearer(reader))).status).toBe(200);
    await clock.advance(1999);
    expect((await call('/read', bearer(key))).code).toBe('rate_limited');
    await clock.advance(1);
    const again = await call('/read', bearer(key));
    expect(again.status).toBe(200);
    expect(again.headers).toMatchObject({ 'ratelimit-limit': '2', 'ratelimit-reset': '4' });
  });

  it('limits a tenant over all its keys, and no service', async () => {
    await auth.admin.createTenant({ tenant: 'small', limit: { ratePerSecond: 0.001, burst: 3 } });
    const input = { tenant: 'small', name: 's', scopes: ['shield:read'] };
    const keys = [await auth.admin.createKey(input), await auth.admin.createKey(input)];
    const codes: unknown[] = [];
    for (let i = 0; i < 4; i++) codes.push((await call('/read', bearer(keys[i % 2]!))).code);
    expect(codes).toEqual([undefined, undefined, undefined, 'rate_limited']);
    const service = {
      authorization: `Bearer ${auth.serviceKey('syncflow')}`,
      'kiki-tenant': 'small',
    };
    for (let i = 0; i < 10; i++) expect((await call('/read', service)).status).toBe(200);
  });

  it('refuses a revoked key and a suspended tenant within a second, also when it has just let them in', async () => {
    const key = await auth.admin.createKey({ tenant: 'acme', name: 'x', scopes: ['shield:read'] });
    await call('/read', bearer(key));
    await auth.admin.revokeKey(key.info.keyId);
    const untilMs = performance.now() + 1000;
    let answer = await call('/read', bearer(key));
    while (answer.status === 200 && performance.now() < untilMs)
      answer = await call('/read', bearer(key));
    expect((await call('/read', bearer(key))).code).toBe('key_revoked');
  });
});
