/**
 * Goal: services that run already are recognised before anything is stored, and an interrupt ends the wait for those that
 * do not. Method: small servers in their place, over a real installation.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { derivedServiceKey } from '@kiki/auth';
import { createTestDatabase, freePort, temporaryHome, type TestDatabase } from '@kiki/testing';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { attachServices } from './served-services.js';
import { standInPorts, standInSettings } from './stand-ins.js';

const SECRET = 's'.repeat(40);
const NAMES = ['syncshield', 'syncflow', 'syncengage', 'synccreate'];
const settings = standInSettings(standInPorts(27_150));
const home = temporaryHome();
const servers: Server[] = [];
let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
});
afterAll(async () => {
  await db.drop();
  home.remove();
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Servers that say they are the services of the installation with this secret; by the variables that name them. */
async function standFor(secret: string): Promise<Record<string, string>> {
  const key = derivedServiceKey(secret, 'kiki');
  const urls = NAMES.map(async (service) => {
    const server = createServer((request, response) => {
      const isKnown = request.headers.authorization === `Bearer ${key}`;
      const answers: Record<string, object> = {
        '/ready': { status: 'ready', service, profile: 'one-store' },
        '/settings': isKnown ? { service, settings } : { code: 'key_unknown' },
      };
      response.end(JSON.stringify(answers[request.url ?? ''] ?? {}));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return [`${service.toUpperCase()}_URL`, `http://127.0.0.1:${port}`] as const;
  });
  return Object.fromEntries(await Promise.all(urls));
}

const attach = (urls: Record<string, string>, signal = new AbortController().signal) =>
  attachServices(
    { DATABASE_URL: db.url, KIKI_HOME: home.path, KIKI_SECRET: SECRET, ...urls },
    settings,
    signal,
  );

describe('attachServices', () => {
  it('takes services of the same installation that were started as printed', async () => {
    const urls = await standFor(SECRET);
    const services = await attach(urls);
    expect(services.httpUrl('syncflow')).toBe(urls['SYNCFLOW_URL']);
    await services.close();
  });

  it('names each service of another installation', async () => {
    const urls = await standFor('o'.repeat(40));
    const problems = NAMES.map((name) => expect.stringContaining(`${name} at http`) as unknown);
    await expect(attach(urls)).rejects.toMatchObject({
      code: 'demo_unprepared',
      message: expect.stringContaining('does not show its settings (key_unknown)') as unknown,
      details: { problems },
    });
  });

  it('ends its wait for services that are not there when it is interrupted', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const urls = Object.fromEntries(NAMES.map((name) => [`${name.toUpperCase()}_URL`, url]));
    const attaching = attach(urls, AbortSignal.timeout(500));
    await expect(attaching).rejects.toMatchObject({ code: 'cancelled' });
  });
});
