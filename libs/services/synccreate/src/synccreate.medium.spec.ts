/**
 * Goal: the documented requests work as a caller meets them. Method: the started service over real HTTP, on a real PostgreSQL,
 * queue, object store and inference process.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start, type Host } from '@kiki/host';
import { createTestDatabase, type TestDatabase } from '@kiki/testing';
import { synccreateDefinition } from './synccreate.definition.js';

const home = mkdtempSync(join(tmpdir(), 'kiki-create-'));
let db: TestDatabase;
let host: Host;
let url: string;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = { DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent', KIKI_SECRET: 's'.repeat(40) };
  host = await start([synccreateDefinition], { environment, portBase: 0 });
  url = host.service('synccreate').httpUrl;
}, 60_000);

afterAll(async () => {
  await host.stop();
  await db.drop();
  rmSync(home, { recursive: true });
});

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${host.firstKey}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as any };
}

describe('generate', () => {
  it('answers inline', async () => {
    const t = Date.now();
    const { status, body } = await call('POST', '/api/v1/generate', {
      product: { name: 'AeroPress Travel Mug', features: ['Leak-proof lid'], usp: 'Hot coffee for 12 hours', category: 'kitchen' },
      brand: { name: 'Nordkaffe', primary_colors: ['#3b82f6'], tone_of_voice: 'warm' },
      variants: 5,
      platform: 'tiktok_9_16',
    }, { prefer: 'wait=20' });
    console.log(Date.now() - t, status, JSON.stringify(body).slice(0, 3000));
    console.log(JSON.stringify(await call('GET', '/ready')));
    expect(status).toBe(200);
  }, 60_000);
});
