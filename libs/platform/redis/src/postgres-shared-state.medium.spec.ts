/**
 * Goal: caches, locks and limits in Postgres keep every promise of their ports between processes, over crashes of the server.
 * Method: the conformance suites on the embedded server and on the machine's own PostgreSQL; two pools stand for two processes.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '@kiki/kernel';
import { migrate, PostgresDatabase, type ConnectionOptions } from '@kiki/postgres';
import {
  createTestDatabase,
  debianPostgresMissing,
  describeUnless,
  FakeClock,
  startDebianPostgres,
  type DebianPostgres,
  type TestDatabase,
} from '@kiki/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheConformance } from './cache.conformance.js';
import { locksConformance } from './locks.conformance.js';
import { PostgresCache } from './postgres-cache.js';
import { PostgresLocks } from './postgres-locks.js';
import { PostgresRateLimiter } from './postgres-rate-limiter.js';
import { rateLimiterConformance } from './rate-limiter.conformance.js';
import { sharedStateMigrationsDir, sharedStateSchema } from './shared-state-schema.js';

const clock = new SystemClock();
const pass = (ms: number): Promise<void> => sleep(ms + 1);

/** A database with the shared tables of two services, and two pools of the first. */
class Stage {
  store!: TestDatabase;
  databases: PostgresDatabase[] = [];

  async open(connection?: ConnectionOptions): Promise<void> {
    const directory = { migrationsDir: sharedStateMigrationsDir };
    this.store = await createTestDatabase({
      schema: sharedStateSchema('alpha'),
      ...directory,
      ...(connection ? { connection } : {}),
    });
    const { connection: own } = this.store;
    const schema = sharedStateSchema('beta');
    await migrate({ connection: own, schema, directory: sharedStateMigrationsDir });
    this.databases = ['alpha', 'alpha', 'beta'].map(
      (service) => new PostgresDatabase({ connection: own, schema: service, max: 4 }),
    );
  }

  get(index: 0 | 1 | 2): PostgresDatabase {
    return this.databases[index]!;
  }

  async close(): Promise<void> {
    for (const database of this.databases) await database.close();
    await this.store?.drop();
  }
}

function suites(where: string, stage: Stage): void {
  cacheConformance(`PostgresCache on ${where}`, async (limits) => {
    await stage.get(0).execute('TRUNCATE alpha_shared.cache');
    const cache = new PostgresCache(stage.get(0), clock, limits);
    return {
      cache,
      foreign: new PostgresCache(stage.get(2), clock, limits),
      pass,
      bytes: async () => {
        await cache.sweep();
        const [row] = await stage
          .get(0)
          .query<{ bytes: bigint }>(
            'SELECT coalesce(sum(bytes), 0)::int8 AS bytes FROM alpha_shared.cache',
          );
        return Number(row?.bytes);
      },
    };
  });
  locksConformance(`PostgresLocks on ${where}`, async () => {
    await stage
      .get(0)
      .execute(`UPDATE alpha_shared.lock SET owner = NULL, expires_at = '-infinity'`);
    return { locks: new PostgresLocks(stage.get(0)), peer: new PostgresLocks(stage.get(1)), pass };
  });
  rateLimiterConformance(`PostgresRateLimiter on ${where}`, async () => {
    await stage.get(0).execute('TRUNCATE alpha_shared.rate_limit');
    const limiter = new PostgresRateLimiter(stage.get(0), clock);
    const peer = new PostgresRateLimiter(stage.get(1), clock);
    return { limiter, peer, pass, isTimeOurs: false };
  });
}

describe('the embedded server', () => {
  const stage = new Stage();
  beforeAll(() => stage.open(), 60_000);
  afterAll(() => stage.close());
  suites('the embedded server', stage);

  it('cache: sweeps what is over, at the latest when an eighth of the budget was written', async () => {
    const own = new FakeClock();
    const cache = new PostgresCache(stage.get(0), own, { maxBytes: 8000 });
    await stage.get(0).execute('TRUNCATE alpha_shared.cache');
    const count = async (): Promise<number> =>
      Number((await stage.get(0).query('SELECT count(*) AS n FROM alpha_shared.cache'))[0]?.['n']);
    await cache.set('over', 'x'.repeat(400), 1);
    await sleep(5);
    await cache.set('a', 'x'.repeat(400), 60_000);
    expect(await count()).toBe(2);
    await cache.set('b', 'x'.repeat(400), 60_000);
    expect(await count()).toBe(2);
    await cache.set('over', 'x', 1);
    await sleep(5);
    await own.advance(30_000);
    await cache.set('c', 'x', 60_000);
    expect(await count()).toBe(3);
  });

  it('limits: forgets dry buckets, and that changes no decision', async () => {
    const limiter = new PostgresRateLimiter(stage.get(0), clock);
    await stage.get(0).execute('TRUNCATE alpha_shared.rate_limit');
    await limiter.take('dry', { ratePerSecond: 1000, burst: 5 });
    const slow = { ratePerSecond: 0.001, burst: 2 };
    for (let i = 0; i < 2; i++) await limiter.take('wet', slow);
    await sleep(5);
    expect(await limiter.sweep()).toBe(1);
    expect(await limiter.take('wet', slow)).toMatchObject({ isAllowed: false });
  });
});

describeUnless(debianPostgresMissing(), 'the machine’s PostgreSQL', () => {
  const stage = new Stage();
  let server: DebianPostgres | undefined;
  beforeAll(async () => {
    server = await startDebianPostgres();
    await stage.open(server?.connection);
  }, 60_000);
  afterAll(async () => {
    await stage.close().catch(() => undefined);
    await server?.stop();
  });
  suites('the machine’s PostgreSQL', stage);

  it('after a crash of the server fences still grow and a held lock is still held', async () => {
    const locks = new PostgresLocks(stage.get(0));
    const held = await locks.acquire('held', 600_000);
    const released = await locks.acquire('released', 600_000);
    await released!.release();
    await server!.crashAndRestart();
    expect(await locks.acquire('held', 600_000)).toBeUndefined();
    expect(await held!.renew(600_000)).toBe(true);
    const after = await new PostgresLocks(stage.get(1)).acquire('released', 600_000);
    expect(after!.fence > released!.fence).toBe(true);
  });

  it('while the server is away a cache misses, and locks and limits say unavailable', async () => {
    const faults: unknown[] = [];
    const cache = new PostgresCache(stage.get(0), clock, {
      onFault: (error) => faults.push(error),
    });
    await cache.set('k', 1, 600_000);
    await server!.stop();
    server = undefined;
    expect(await cache.get('k')).toBeUndefined();
    await cache.set('k', 2, 600_000);
    expect(faults).toHaveLength(2);
    const outage = { kind: 'unavailable', isRetryable: true };
    await expect(cache.delete('k')).rejects.toMatchObject(outage);
    await expect(new PostgresLocks(stage.get(0)).acquire('a', 1000)).rejects.toMatchObject(outage);
    const limiter = new PostgresRateLimiter(stage.get(0), clock);
    await expect(limiter.take('k', { ratePerSecond: 1, burst: 1 })).rejects.toMatchObject(outage);
  });
});
