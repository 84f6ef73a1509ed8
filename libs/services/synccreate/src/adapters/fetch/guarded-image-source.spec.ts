/**
 * Goal: a picture's address cannot make SyncCreate look inside the network, and cannot tie it up. Method: real sockets on loopback: servers that
 * redirect, lie, stall and flood, and a resolver that changes its mind; a server that must not be reached counts its connections.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import { createServer as createPlain, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { ObjectStore, type StoredObject } from '@kiki/objects';
import { imageAgent, imageLookup } from './guarded-agent.js';
import { GuardedImageSource } from './guarded-image-source.js';

const PNG = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  Buffer.alloc(50, 1),
]);
const MAX_BYTES = 4096;

/** No objects at all. */
class NoObjects extends ObjectStore {
  override put = (): Promise<StoredObject> => Promise.reject(new Error('read only'));
  override get = (): never => {
    throw Object.assign(new Error('gone'), {
      name: 'DomainError',
      code: 'object_not_found',
      kind: 'not_found',
    });
  };
  override head = (): Promise<undefined> => Promise.resolve(undefined);
  override ping = (): Promise<void> => Promise.resolve();
}

const servers: Server[] = [];
async function serve(
  listener: RequestListener,
): Promise<{ origin: string; port: number; connections: () => number }> {
  const server = createPlain(listener);
  let count = 0;
  server.on('connection', () => count++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, port, connections: () => count };
}

/** What the resolver says, in turn; the last answer stays. */
function resolverOf(answers: readonly (readonly string[])[]) {
  let asked = 0;
  const resolve = (
    _name: string,
    answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
  ): void => {
    const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
    answer(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return { resolve, asked: () => asked };
}

function sourceOf(options: {
  trusted?: readonly string[];
  resolve?: ReturnType<typeof resolverOf>['resolve'];
  timeoutMs?: number;
}): GuardedImageSource {
  const { trusted = [], timeoutMs = 2000, resolve = resolverOf([['127.0.0.1']]).resolve } = options;
  const agent = imageAgent({ connectTimeoutMs: timeoutMs, maxBytes: MAX_BYTES, resolve });
  const limits = { maxBytes: MAX_BYTES, timeoutMs, maxRedirects: 3, trustedOrigins: trusted };
  const source = new GuardedImageSource(new NoObjects(), agent, limits);
  sources.push(source);
  return source;
}
const sources: GuardedImageSource[] = [];

let inner: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  inner = await serve((_request, reply) => reply.end(PNG));
});

afterAll(async () => {
  await Promise.all(sources.map((source) => source.close()));
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('an address inside', () => {
  it.each([
    ['a literal', (port: number) => `https://127.0.0.1:${port}/`],
    ['hexadecimal', (port: number) => `https://0x7f000001:${port}/`],
    ['octal', (port: number) => `https://0177.0.0.1:${port}/`],
    ['decimal', (port: number) => `https://2130706433:${port}/`],
    ['short', (port: number) => `https://127.1:${port}/`],
    ['IPv6 loopback', (port: number) => `https://[::1]:${port}/`],
    ['mapped', (port: number) => `https://[::ffff:127.0.0.1]:${port}/`],
    ['full-width digits', (port: number) => `https://１２７.０.０.１:${port}/`],
    ['a name', (port: number) => `https://cdn.example.test:${port}/`],
    ['a name with a dot at its end', (port: number) => `https://cdn.example.test.:${port}/`],
  ])('is refused before a connection: %s', async (_name, url) => {
    const before = inner.connections();
    await expect(sourceOf({}).load('t', url(inner.port))).rejects.toMatchObject({
      code: 'image_url_forbidden',
    });
    expect(inner.connections()).toBe(before);
  });

  it.each([
    'http://example.test/a.png',
    'ftp://example.test/a.png',
    'file:///etc/passwd',
    'data:image/png;base64,AAAA',
    'https://user:secret@example.test/a.png',
  ])('or another scheme is refused: %s', async (url) => {
    await expect(sourceOf({}).load('t', url)).rejects.toMatchObject({
      code: 'image_url_forbidden',
    });
  });

  it('is refused behind a redirect, also of a trusted origin', async () => {
    const before = inner.connections();
    for (const location of [
      `https://127.0.0.1:${inner.port}/`,
      `https://inner.example.test:${inner.port}/`,
      `http://127.0.0.1:${inner.port}/`,
      'file:///etc/passwd',
    ]) {
      const door = await serve((_request, reply) => reply.writeHead(302, { location }).end());
      const source = sourceOf({ trusted: [door.origin] });
      await expect(source.load('t', `${door.origin}/a.png`)).rejects.toMatchObject({
        code: 'image_url_forbidden',
      });
    }
    expect(inner.connections()).toBe(before);
  });
});

describe('a name that changes its mind (DNS rebinding)', () => {
  const ask = (lookup: LookupFunction, all: boolean) =>
    new Promise<unknown>((resolve) => {
      lookup('cdn.example.test', { all }, (error, address) => resolve(error ?? address));
    });

  it('is asked once per connection, and what was checked is what is connected to', async () => {
    const rebinding = resolverOf([['93.184.216.34'], ['127.0.0.1']]);
    const lookup = imageLookup(rebinding.resolve);
    expect(await ask(lookup, true)).toEqual([{ address: '93.184.216.34', family: 4 }]);
    expect(rebinding.asked()).toBe(1);
    expect(await ask(lookup, true)).toMatchObject({ code: 'image_url_forbidden' });
    expect(await ask(imageLookup(resolverOf([['1.1.1.1']]).resolve), false)).toBe('1.1.1.1');
  });

  it.each([
    [['93.184.216.34', '127.0.0.1']],
    [['127.0.0.1', '93.184.216.34']],
    [['2606:4700::1111', '::ffff:10.0.0.1']],
    [[]],
  ])('is refused when any of its addresses is inside: %j', async (addresses) => {
    const lookup = imageLookup(resolverOf([addresses]).resolve);
    expect(await ask(lookup, true)).toMatchObject({ code: 'image_url_forbidden' });
  });

  it('cannot slip in by the second connection of one request', async () => {
    const before = inner.connections();
    const rebinding = resolverOf([['127.0.0.1']]);
    const door = await serve((_request, reply) =>
      reply.writeHead(302, { location: `https://cdn.example.test:${inner.port}/` }).end(),
    );
    const source = sourceOf({ trusted: [door.origin], resolve: rebinding.resolve });
    await expect(source.load('t', `${door.origin}/`)).rejects.toMatchObject({
      code: 'image_url_forbidden',
    });
    expect(rebinding.asked()).toBe(1);
    expect(inner.connections()).toBe(before);
  });
});

describe('a trusted origin', () => {
  const from = async (listener: RequestListener, timeoutMs?: number) => {
    const { origin } = await serve(listener);
    const source = sourceOf({
      trusted: [origin],
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return source.load('t', `${origin}/a.png`);
  };

  it('gives the picture, named by its hash and typed by its content', async () => {
    const listener: RequestListener = (_request, reply) =>
      reply.writeHead(200, { 'content-type': 'text/html' }).end(PNG);
    const image = await from(listener);
    expect(image).toMatchObject({
      contentType: 'image/png',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(Buffer.from(image.bytes)).toEqual(PNG);
  });

  it.each<{ how: string; code: string; listener: RequestListener; timeoutMs?: number }>([
    {
      how: 'too much by its header',
      code: 'image_too_large',
      listener: (_q, r) => r.writeHead(200, { 'content-length': '9999999' }).write('x'),
    },
    {
      how: 'too much without a header',
      code: 'image_too_large',
      listener: (_q, r) => r.end(Buffer.concat([PNG, Buffer.alloc(MAX_BYTES)])),
    },
    {
      how: 'a page that calls itself a picture',
      code: 'image_type_unsupported',
      listener: (_q, r) => r.writeHead(200, { 'content-type': 'image/png' }).end('<html>'),
    },
    {
      how: 'a missing picture',
      code: 'image_fetch_failed',
      listener: (_q, r) => r.writeHead(404).end(),
    },
    {
      how: 'redirects for ever',
      code: 'image_fetch_failed',
      listener: (_q, r) => r.writeHead(302, { location: '/again' }).end(),
    },
    {
      how: 'a server that never answers',
      code: 'image_fetch_failed',
      listener: () => undefined,
      timeoutMs: 200,
    },
    {
      how: 'a server that drips',
      code: 'image_fetch_failed',
      listener: (_q, r) => void r.writeHead(200).write(PNG),
      timeoutMs: 200,
    },
    {
      how: 'a broken connection',
      code: 'image_fetch_failed',
      listener: (q) => q.socket.destroy(),
    },
  ])('refuses $how: $code', async ({ code, listener, timeoutMs }) => {
    await expect(from(listener, timeoutMs)).rejects.toMatchObject({ code });
  });
});

describe('an own object', () => {
  it('that does not exist is said to be missing', async () => {
    const url = `kiki://objects/${'a'.repeat(64)}`;
    await expect(sourceOf({}).load('t', url)).rejects.toMatchObject({ code: 'image_not_found' });
  });
});
