/**
 * Goal: a call waits for a service that is being restarted, and nothing that may have arrived is sent twice. Method: a
 * server that comes late, and one that breaks its first connection.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from './api.js';

const closing: Server[] = [];
afterEach(async () => {
  for (const server of closing.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(port: number, answer: RequestListener): Promise<Api> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  closing.push(server);
  return new Api(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'key');
}

/** Breaks the first connection, then answers; counts both. */
function brokenOnce(): { readonly seen: string[]; readonly answer: RequestListener } {
  const seen: string[] = [];
  return {
    seen,
    answer: (request, response) => {
      seen.push(request.method ?? '');
      if (seen.length === 1) return void request.socket.destroy();
      response.end('{"ok":true}');
    },
  };
}

describe('Api', () => {
  it('waits for a service that refuses connections', async () => {
    const first = await listen(0, (_request, response) => response.end('{}'));
    const port = Number(new URL(first.baseUrl).port);
    await new Promise((resolve) => closing.pop()?.close(resolve));
    const answer = first.post('/v1/things', { id: 'a' });
    await sleep(50);
    await listen(port, (_request, response) => response.end('{"ok":true}'));
    expect(await answer).toEqual({ ok: true });
  });

  it('reads again after a broken connection', async () => {
    const { seen, answer } = brokenOnce();
    const api = await listen(0, answer);
    expect(await api.get('/v1/things')).toEqual({ ok: true });
    expect(seen).toEqual(['GET', 'GET']);
  });

  it('never writes again after a broken connection', async () => {
    const { seen, answer } = brokenOnce();
    const api = await listen(0, answer);
    await expect(api.post('/v1/things', {})).rejects.toMatchObject({ code: 'unavailable' });
    expect(seen).toEqual(['POST']);
  });

  it.each(['GET', 'POST'])(
    'gives up a %s at once where waiting cannot help',
    async (method) => {
      const { port } = new URL((await listen(0, (_, response) => response.end('{}'))).baseUrl);
      const seen: string[] = [];
      const led = await listen(0, (request, response) => {
        seen.push(request.url ?? '');
        response.writeHead(302, { location: '/elsewhere' }).end();
      });
      const call = (api: Api) => (method === 'GET' ? api.get('/') : api.post('/', {}));
      for (const api of [
        led,
        new Api('http://nowhere.invalid', 'key'),
        new Api(`https://127.0.0.1:${port}`, 'key'),
      ]) {
        await expect(call(api)).rejects.toMatchObject({ code: 'unavailable' });
      }
      expect(seen).toEqual(['/']);
    },
    10_000,
  );

  it('stops waiting when it is interrupted', async () => {
    const first = await listen(0, (_request, response) => response.end('{}'));
    await new Promise((resolve) => closing.pop()?.close(resolve));
    const api = new Api(first.baseUrl, 'key');
    const signal = AbortSignal.timeout(50);
    await expect(api.get('/', { signal })).rejects.toMatchObject({ code: 'cancelled' });
  });
});
