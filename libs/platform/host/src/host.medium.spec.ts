/**
 * Goal: services start together, each with its own port, registry and schema, and stop without losing a request.
 * Method: two small services with real names on a real PostgreSQL, called over HTTP.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@kiki/testing';
import { probeService } from './probe.fixture.js';
import { start, type Host } from './start.js';

const home = mkdtempSync(join(tmpdir(), 'kiki-host-'));
let db: TestDatabase;
let host: Host;
let environment: Record<string, string>;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  environment = { DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'warn' };
  host = await start([probeService('syncflow'), probeService('syncshield')], { environment, portBase: 0 });
});

afterAll(async () => {
  await host.stop();
  await db.drop();
  rmSync(home, { recursive: true });
});

describe('start', () => {
  it('answers health, ready and metrics of each', async () => {
    for (const { httpUrl, name } of host.services) {
      const health = await fetch(`${httpUrl}/health`);
      expect(await health.json()).toMatchObject({ status: 'ok', service: name });
      const ready = await fetch(`${httpUrl}/ready`);
      console.log(await ready.json());
      expect(ready.status).toBe(200);
      console.log(await (await fetch(`${httpUrl}/openapi.json`)).json());
    }
    console.log(host.services.map((s) => s.httpUrl), host.firstKey, host.stores);
  });
});
