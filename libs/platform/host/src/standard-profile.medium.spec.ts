/**
 * Goal: with PostgreSQL and Redis a service keeps each thing where the standard profile says, and refuses a Redis
 * that would drop jobs. Method: a small service on real servers; look at both stores afterwards.
 */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queues } from '@kiki/queue';
import { Cache, connectRedis, Locks } from '@kiki/redis';
import {
  createTestDatabase,
  describeUnless,
  redisMissing,
  startRedis,
  type TestDatabase,
  type TestRedis,
} from '@kiki/testing';
import { probeService } from './probe.fixture.js';
import { start, type Host } from './start.js';

describeUnless(redisMissing(), 'a host on PostgreSQL and Redis', () => {
  const home = mkdtempSync(join(tmpdir(), 'kiki-host-'));
  let db: TestDatabase;
  let redis: TestRedis;
  let environment: Record<string, string>;

  beforeAll(async () => {
    db = await createTestDatabase({ schema: 'unused' });
    redis = (await startRedis())!;
    environment = {
      ...{ DATABASE_URL: db.url, REDIS_URL: redis.url },
      ...{ KIKI_HOME: home, LOG_LEVEL: 'silent' },
    };
  });

  afterAll(async () => {
    await redis.stop();
    await db.drop();
    rmSync(home, { recursive: true });
  });

  let host: Host | undefined;
  const startProbe = async (): Promise<Host> =>
    (host = await start([probeService('syncflow')], { environment, portBase: 0 }));

  afterEach(async () => {
    await host?.stop();
    host = undefined;
  });

  it('puts cache, locks and queues into Redis, and nothing of them into PostgreSQL', async () => {
    const { service, profile } = await startProbe();
    const { app, httpUrl } = service('syncflow');
    expect(profile).toBe('standard');
    await app.get(Cache).set('answer', 42, 60_000);
    const lease = await app.get(Locks).acquire('sweep', 60_000);
    await app.get(Queues).queue('bids').add('default', 'bid', { n: 1 });
    const ready = (await (await fetch(`${httpUrl}/ready`)).json()) as { checks: object };
    expect(ready.checks).toMatchObject({ redis: { status: 'up' }, queue: { store: 'redis' } });
    const client = connectRedis({ url: redis.url, use: 'request', name: 'spec' });
    const keys = await client.keys('*');
    await client.quit();
    for (const part of ['answer', 'sweep', 'bids']) {
      expect(keys.filter((key) => key.includes(part))).not.toEqual([]);
    }
    const schemas = await db.database.query<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'syncflow%' ORDER BY 1`,
    );
    const own = ['syncflow', 'syncflow_http', 'syncflow_privacy'];
    expect(schemas.map(({ name }) => name)).toEqual(own);
    await lease?.release();
  });

  it('refuses a Redis that evicts', async () => {
    const client = connectRedis({ url: redis.url, use: 'request', name: 'spec' });
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await expect(startProbe()).rejects.toMatchObject({
      code: 'redis_unfit',
    });
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    await client.quit();
  });

  it('says so when Redis is away, before anything listens', async () => {
    await redis.crash();
    await expect(startProbe()).rejects.toMatchObject({ kind: 'unavailable' });
    await redis.start();
  });
});
