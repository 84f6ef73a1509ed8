/**
 * Goal: the doctor finds what is wrong, names the fix, and fails only for what keeps KIKI from running.
 * Method: a database of its own, a port that this test holds, a Redis that evicts, settings that cannot be read.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUTH_SCHEMA, authMigrationsDir } from '@kiki/auth';
import {
  createTestDatabase,
  describeUnless,
  redisMissing,
  startRedis,
  type TestDatabase,
  removeHome,
} from '@kiki/testing';
import { mkdtempSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examine } from '../commands/doctor-command.js';
import type { Finding } from './finding.js';

const home = mkdtempSync(join(tmpdir(), 'kiki-doctor-'));
let store: TestDatabase;
let environment: Record<string, string>;

beforeAll(async () => {
  store = await createTestDatabase({ schema: AUTH_SCHEMA, migrationsDir: authMigrationsDir });
  environment = { DATABASE_URL: store.url, KIKI_HOME: home, SYNCVALUE_URL: '127.0.0.1:1' };
});
afterAll(async () => {
  await store.drop();
  removeHome(home);
});

async function findingsOf(check: string, more = {}): Promise<Finding[]> {
  const all = await examine({ ...environment, ...more });
  return all.filter((finding) => finding.check === check);
}

describe('kiki doctor', () => {
  it('is content with a durable database and tells what the first start will do', async () => {
    const all = await examine(environment);
    const of = (name: string) => all.find(({ check }) => check === name);
    expect(of('settings')).toMatchObject({ status: 'ok' });
    expect(of('profile')).toMatchObject({ status: 'ok', detail: 'one-store' });
    expect(of('home')).toMatchObject({ status: 'ok' });
    expect(of('database')).toMatchObject({ status: 'ok' });
    expect(of('clock')).toMatchObject({ status: 'ok' });
    expect(of('redis')).toMatchObject({ status: 'skipped' });
    expect(of('model')).toMatchObject({ status: 'skipped', detail: 'SyncValue does not run' });
    const pending = of('migrations');
    expect(pending).toMatchObject({ status: 'warn', fix: expect.stringContaining('kiki up') });
    expect(pending?.detail).toContain('syncshield 0001');
    expect(pending?.detail).not.toContain(AUTH_SCHEMA);
  });

  it('says who has a port and how to choose another', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const found = await findingsOf(`port ${port}`, { SYNCFLOW_HTTP_PORT: String(port) });
    server.close();
    expect(found).toMatchObject([
      { status: 'failed', fix: expect.stringContaining('SYNCFLOW_HTTP_PORT') },
    ]);
  });

  it('fails a migration that was applied with another text', async () => {
    await store.database.execute(`update ${AUTH_SCHEMA}.kiki_migrations set checksum = 'x'`);
    const found = await findingsOf('migrations');
    await store.database.execute(`delete from ${AUTH_SCHEMA}.kiki_migrations`);
    expect(found[0]).toMatchObject({
      status: 'failed',
      detail: `changed: ${AUTH_SCHEMA} 0001-auth`,
    });
  });

  it('stops at settings that cannot be read, naming each', async () => {
    const all = await examine({ ...environment, SYNCFLOW_BREAKER_FAILURES: 'many' });
    expect(all.map(({ check }) => check)).toEqual(['node', 'settings']);
    expect(all[1]).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('SYNCFLOW_BREAKER_FAILURES'),
    });
  });

  it('fails a database that is not there, and goes on', async () => {
    const all = await examine({
      ...environment,
      DATABASE_URL: 'postgresql://kiki@127.0.0.1:1/kiki',
    });
    expect(all.find(({ check }) => check === 'database')).toMatchObject({ status: 'failed' });
    expect(all.at(-1)?.check).toBe('model');
  });

  describeUnless(redisMissing(), 'with Redis', () => {
    it('fails one that would drop jobs when it is full', async () => {
      const redis = await startRedis({ 'maxmemory-policy': 'allkeys-lru' });
      const found = await findingsOf('redis', { REDIS_URL: redis!.url });
      await redis?.stop();
      expect(found).toContainEqual({
        check: 'redis',
        status: 'failed',
        detail: expect.stringContaining('allkeys-lru'),
        fix: expect.stringContaining('noeviction'),
      });
    });
  });
});
