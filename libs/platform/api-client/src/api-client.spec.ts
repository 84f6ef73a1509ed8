/**
 * Goal: a caller gets the data or the very error that the service threw, in bounded time, and is led nowhere else.
 * Method: a real HTTP server on loopback whose answers the spec chooses.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '@kiki/testing';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerOf, createApi } from './api-client.js';

/** As openapi-typescript writes it. */
interface paths {
  '/v1/things/{id}': {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    get: {
      parameters: { path: { id: string } };
      responses: { 200: { content: { 'application/json': { id: string } } } };
    };
    post: {
      parameters: { path: { id: string } };
      requestBody: { content: { 'application/json': { amountMicros: number } } };
      responses: { 200: { content: { 'application/json': { id: string } } } };
    };
  };
}

let server: Server;
let baseUrl: string;
let seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
let answer: (response: ServerResponse, request: IncomingMessage) => void;

function json(status: number, body: unknown, type = 'application/json'): void {
  answer = (response) => {
    response.writeHead(status, { 'content-type': type });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers, body });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  seen = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const api = (timeoutMs?: number) =>
  createApi<paths>({
    baseUrl,
    headers: { authorization: 'Bearer k' },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
const get = (client = api(), signal?: AbortSignal) =>
  answerOf(
    client.GET('/v1/things/{id}', {
      params: { path: { id: 'a/b' } },
      ...(signal ? { signal } : {}),
    }),
  );

describe('a typed client', () => {
  it('sends what it was given and gives the data', async () => {
    json(200, { id: 'a/b' });
    const posted = await answerOf(
      api().POST('/v1/things/{id}', {
        params: { path: { id: 'a/b' } },
        body: { amountMicros: 7 },
        headers: { 'kiki-tenant': 'acme' },
      }),
    );
    expect(posted).toEqual({ id: 'a/b' });
    expect(seen).toMatchObject([
      {
        method: 'POST',
        url: '/v1/things/a%2Fb',
        body: '{"amountMicros":7}',
        headers: { authorization: 'Bearer k', 'kiki-tenant': 'acme' },
      },
    ]);
  });

  it.each([
    [400, 'invalid', false],
    [401, 'unauthenticated', false],
    [403, 'forbidden', false],
    [404, 'not_found', false],
    [409, 'conflict', false],
    [413, 'too_large', false],
    [422, 'unprocessable', false],
    [429, 'rate_limited', true],
    [500, 'internal', false],
    [503, 'unavailable', true],
    [504, 'deadline', true],
  ])(
    'turns a problem of status %i back into the error of kind %s',
    async (status, kind, isRetryable) => {
      const fields = [{ field: 'id', expected: 'a name' }];
      const problem = {
        title: 'No.',
        detail: 'No, because.',
        code: 'a_code',
        fields,
        retryAfterMs: 250,
      };
      json(status, { status, ...problem }, 'application/problem+json');
      await expect(get()).rejects.toMatchObject({
        name: 'DomainError',
        code: 'a_code',
        kind,
        message: 'No, because.',
        isRetryable,
        details: { fields, retryAfterMs: 250 },
      });
      expect(seen).toHaveLength(1);
    },
  );

  it('makes the best of an answer that is no problem document', async () => {
    json(502, '<html>Bad gateway</html>', 'text/html');
    await expect(get()).rejects.toMatchObject({ code: 'unavailable', isRetryable: true });
    json(500, { message: 'oops' });
    await expect(get()).rejects.toMatchObject({ code: 'internal', kind: 'internal' });
    json(200, '{"id": ');
    await expect(get()).rejects.toMatchObject({ code: 'internal', kind: 'internal' });
    json(404, '');
    await expect(get()).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('says unavailable when nobody listens or the connection breaks', async () => {
    const nobody = createApi<paths>({ baseUrl: `http://127.0.0.1:${await freePort()}` });
    await expect(get(nobody)).rejects.toMatchObject({
      code: 'unavailable',
      isRetryable: true,
      message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+ cannot be reached\.$/) as unknown,
    });
    answer = (response) => void response.socket?.destroy();
    await expect(get()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('does not wait longer than its time, neither for the first byte nor for the last', async () => {
    answer = () => undefined;
    await expect(get(api(100))).rejects.toMatchObject({
      code: 'deadline_exceeded',
      kind: 'deadline',
      message: expect.stringContaining('100 ms') as unknown,
    });
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"id":');
    };
    await expect(get(api(100))).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });

  it('says unavailable when an answer breaks off in its middle', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"id":', () => response.socket?.destroy());
    };
    await expect(get()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is cancelled by its caller', async () => {
    answer = () => undefined;
    const controller = new AbortController();
    const call = get(api(), controller.signal);
    setTimeout(() => controller.abort(), 20);
    await expect(call).rejects.toMatchObject({ code: 'cancelled', kind: 'cancelled' });
  });

  it('follows no redirect, so a key goes nowhere else', async () => {
    answer = (response) => response.writeHead(302, { location: `${baseUrl}/elsewhere` }).end();
    await expect(get()).rejects.toMatchObject({ code: 'unavailable' });
    expect(seen.map(({ url }) => url)).toEqual(['/v1/things/a%2Fb']);
  });
});
