/**
 * Goal: the edge of an HTTP service answers every kind of bad request with its own problem.
 * Method: a real Nest application on Fastify, called through `inject()` and, for the drain, through a socket.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Body, Controller, Get, HttpCode, Module, Param, Post, Query } from '@nestjs/common';
import { kernelErrors } from '@kiki/kernel';
import { SilentLogger } from '@kiki/logging';
import { ServiceMetrics } from '@kiki/metrics';
import { waitFor } from '@kiki/testing';
import { z } from 'zod';
import { createHttpApplication, type HttpApplication } from './http-application.js';
import { pageQuery, wireCurrency, wireId, wireMicros } from './wire.js';

const Hold = z.strictObject({
  id: wireId('id'),
  amountMicros: wireMicros(),
  currency: wireCurrency(),
  items: z.array(z.strictObject({ floorMicros: wireMicros() })).optional(),
});

/** Calls of `slow` that have begun. */
let slowCalls = 0;

@Controller('v1')
class ProbeController {
  @Post('holds')
  @HttpCode(200)
  hold(@Body({ schema: Hold }) body: z.infer<typeof Hold>): object {
    return body;
  }

  @Get('holds')
  list(@Query({ schema: z.strictObject(pageQuery({ max: 10 })) }) query: object): object {
    return query;
  }

  @Get('things/:id')
  thing(@Param('id', { schema: wireId('id') }) id: string): object {
    if (id === 'missing') throw kernelErrors.not_found();
    if (id === 'busy') throw kernelErrors.unavailable(undefined, { retryAfterMs: 1500 });
    if (id === 'bug') throw new Error('secret inside');
    if (id === 'bigint') return { amount: 12n };
    return { id };
  }

  @Post('slow')
  slowPost(@Body() body: { ms: string }): Promise<object> {
    return this.slow(body.ms);
  }

  @Get('slow')
  async slow(@Query('ms') ms: string): Promise<object> {
    slowCalls++;
    await new Promise((resolve) => setTimeout(resolve, Number(ms)));
    return { done: true };
  }
}

@Module({ controllers: [ProbeController] })
class ProbeModule {}

const metrics = new ServiceMetrics('probe', '0');
let http: HttpApplication;

const build = (): Promise<HttpApplication> =>
  createHttpApplication(
    { module: ProbeModule },
    { logger: new SilentLogger(), metrics, bodyLimitBytes: 2048, requestTimeoutMs: 300 },
  );

beforeAll(async () => {
  http = await build();
  await http.app.init();
});

afterAll(() => http.app.close());

async function call(
  method: 'GET' | 'POST',
  url: string,
  payload?: string | object,
  headers: Record<string, string> = {},
): Promise<{
  status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever came back
  body: any;
  headers: Record<string, unknown>;
}> {
  const typed = typeof payload === 'string' ? { 'content-type': 'application/json' } : {};
  const answer = await http.app.inject({
    method,
    url,
    ...(payload === undefined ? {} : { payload }),
    headers: { ...typed, ...headers },
  });
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
}

describe('the HTTP edge', () => {
  const good = { id: 'h1', amountMicros: 5, currency: 'EUR' };

  it('passes what is valid, with request id and security headers', async () => {
    const answer = await call('POST', '/v1/holds', good, { 'x-request-id': 'abc-1' });
    expect(answer).toMatchObject({ status: 200, body: good });
    expect(answer.headers).toMatchObject({
      'x-request-id': 'abc-1',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    const other = await call('POST', '/v1/holds', good, { 'x-request-id': 'two words' });
    expect(other.headers['x-request-id']).toMatch(/^[\w-]{8}-\w+$/);
  });

  it.each([
    ['unknown_field', { ...good, amuont: 1 }, 'amuont'],
    ['money_not_integer', { ...good, amountMicros: 1.5 }, 'amountMicros'],
    ['money_out_of_range', { ...good, amountMicros: 2 ** 53 }, 'amountMicros'],
    ['money_out_of_range', { ...good, amountMicros: -1 }, 'amountMicros'],
    ['currency_invalid', { ...good, currency: 'euro' }, 'currency'],
    ['invalid_request', { ...good, id: '' }, 'id'],
    ['invalid_request', { amountMicros: 5, currency: 'EUR' }, 'id'],
    [
      'money_not_integer',
      { ...good, items: [{ floorMicros: 1 }, { floorMicros: 0.5 }] },
      'items[1].floorMicros',
    ],
    ['invalid_request', [], 'body'],
  ])('refuses with %s', async (code, payload, field) => {
    const { status, body, headers } = await call('POST', '/v1/holds', payload);
    expect({ status, code: body.code, field: body.fields[0].field }).toEqual({
      status: 400,
      code,
      field,
    });
    expect(body).toMatchObject({ type: `urn:kiki:error:${code}`, status: 400 });
    expect(body.fix.length).toBeGreaterThan(10);
    expect(body.requestId).toBe(headers['x-request-id']);
    expect(headers['content-type']).toContain('application/problem+json');
  });

  it('names every broken field at once', async () => {
    const { body } = await call('POST', '/v1/holds', {
      id: 'h',
      amountMicros: 'x',
      currency: 1,
      y: 2,
    });
    expect(body.code).toBe('invalid_request');
    expect(body.fields.map((f: { field: string }) => f.field)).toEqual([
      'amountMicros',
      'currency',
      'y',
    ]);
  });

  it.each([
    ['{"id":', 400, 'json_invalid'],
    ['{"amountMicros": NaN}', 400, 'json_invalid'],
    ['', 400, 'json_invalid'],
    ['{"__proto__": {"x": 1}}', 400, 'json_invalid'],
    [`{"id":"${'x'.repeat(3000)}"}`, 413, 'body_too_large'],
  ])('refuses the body %.20s', async (payload, status, code) => {
    expect(await call('POST', '/v1/holds', payload)).toMatchObject({
      status,
      body: { code, status },
    });
  });

  it('refuses other media types, routes and parameters', async () => {
    const xml = await call('POST', '/v1/holds', '<a/>', { 'content-type': 'application/xml' });
    expect(xml).toMatchObject({ status: 415, body: { code: 'media_type_unsupported' } });
    const text = await call('POST', '/v1/holds', '{}', { 'content-type': 'text/plain' });
    expect(text).toMatchObject({ status: 415, body: { code: 'media_type_unsupported' } });
    const lost = await call('GET', '/v2/nothing');
    expect(lost).toMatchObject({ status: 404, body: { code: 'route_not_found' } });
    const badParameter = await call('GET', '/v1/things/a%20b');
    expect(badParameter).toMatchObject({ status: 400, body: { fields: [{ field: 'id' }] } });
  });

  it('reads pages strictly', async () => {
    expect((await call('GET', '/v1/holds')).body).toEqual({ limit: 50 });
    expect((await call('GET', '/v1/holds?limit=3&cursor=x')).body).toEqual({
      limit: 3,
      cursor: 'x',
    });
    for (const query of ['limit=0', 'limit=11', 'limit=2.5', 'limit=x', 'limt=3']) {
      expect((await call('GET', `/v1/holds?${query}`)).status).toBe(400);
    }
  });

  it('maps faults, hides the unexpected, and never prints a bigint silently', async () => {
    expect(await call('GET', '/v1/things/missing')).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
    const busy = await call('GET', '/v1/things/busy');
    expect(busy).toMatchObject({
      status: 503,
      body: { retryAfterMs: 1500 },
      headers: { 'retry-after': '2' },
    });
    const bug = await call('GET', '/v1/things/bug');
    expect(bug).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(JSON.stringify(bug.body)).not.toContain('secret');
    expect(await call('GET', '/v1/things/bigint')).toMatchObject({
      status: 500,
      body: { code: 'internal' },
    });
  });

  it('answers 504 when the handler takes too long', async () => {
    expect(await call('GET', '/v1/slow?ms=600')).toMatchObject({
      status: 504,
      body: { code: 'request_timeout' },
    });
  });

  it('also when the body of the request was read before', async () => {
    const answer = await call('POST', '/v1/slow', { ms: 600 });
    expect(answer).toMatchObject({ status: 504, body: { code: 'request_timeout' } });
  });

  it('counts requests by route pattern, not by path', async () => {
    await call('GET', '/v1/things/one');
    const page = await metrics.registry.metrics();
    expect(page).toContain(
      'kiki_probe_http_request_duration_seconds_count{method="GET",route="/v1/things/:id",status="200"}',
    );
    expect(page).not.toContain('things/one');
    expect(page).toContain('route="none",status="404"');
  });
});

describe('a caller that goes away', () => {
  it('is counted as 499, and no longer waited for', async () => {
    const left = await build();
    await left.app.listen(0, '127.0.0.1');
    const hangUp = new AbortController();
    const before = slowCalls;
    const url = `${await left.app.getUrl()}/v1/slow?ms=400`;
    const answer = expect(fetch(url, { signal: hangUp.signal })).rejects.toThrow();
    await waitFor(() => slowCalls > before);
    hangUp.abort();
    await answer;
    expect(await left.drain(5000)).toBe(true);
    expect(await metrics.registry.metrics()).toContain('route="/v1/slow",status="499"} 1');
    await left.app.close();
  });
});

describe('behind a proxy that ends TLS', () => {
  it('asks browsers to stay with HTTPS, and says nothing of it over plain HTTP', async () => {
    const options = { logger: new SilentLogger(), metrics, trustedProxies: 1 };
    const proxied = await createHttpApplication({ module: ProbeModule }, options);
    await proxied.app.init();
    const ask = (protocol: string) =>
      proxied.app.inject({ url: '/v1/holds', headers: { 'x-forwarded-proto': protocol } });
    expect((await ask('https')).headers['strict-transport-security']).toContain('max-age=31536000');
    expect((await ask('http')).headers).not.toHaveProperty('strict-transport-security');
    await proxied.app.close();
  });
});

describe('the drain', () => {
  it('finishes what is in flight and refuses new connections', async () => {
    const drained = await build();
    await drained.app.listen(0, '127.0.0.1');
    const url = await drained.app.getUrl();
    const before = slowCalls;
    const inFlight = fetch(`${url}/v1/slow?ms=150`);
    await waitFor(() => slowCalls > before);
    const finished = drained.drain(5000);
    await expect(fetch(`${url}/v1/slow?ms=0`)).rejects.toThrow();
    expect((await inFlight).status).toBe(200);
    expect(await finished).toBe(true);
    await drained.app.close();
  });

  it('does not wait for connections on which nothing was asked', async () => {
    const drained = await build();
    await drained.app.listen(0, '127.0.0.1');
    const socket = connect(Number(new URL(await drained.app.getUrl()).port), '127.0.0.1');
    await once(socket, 'connect');
    const ended = once(socket, 'close');
    // The server has seen the connection too, once it has answered one that came later.
    await fetch(`${await drained.app.getUrl()}/v1/slow?ms=0`);
    expect(await drained.drain(5000)).toBe(true);
    await drained.app.close();
    await ended;
  });
});
