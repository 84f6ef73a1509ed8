/**
 * Goal: caches, locks and limits in Redis keep every promise of their ports between processes, over crashes of the server.
 * Method: the conformance suites on a private server; two connections stand for two processes.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { describeUnless, redisMissing, startRedis, waitFor, type TestRedis } from '@kiki/testing';
import type { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheConformance } from './cache.conformance.js';
import { closeRedis, connectRedis, pingRedis } from './connection.js';
import { inspectRedis } from './inspect-redis.js';
import { locksConformance } from './locks.conformance.js';
import { rateLimiterConformance } from './rate-limiter.conformance.js';
import { RedisCache } from './redis-cache.js';
import { RedisLocks } from './redis-locks.js';
import { RedisRateLimiter } from './redis-rate-limiter.js';

const pass = (ms: number): Promise<void> => sleep(ms + 1);

describeUnless(redisMissing(), 'a private Redis', () => {
  let server: TestRedis;
  let redis: Redis;
  let other: Redis;
  const extra: Redis[] = [];

  function connect(changes: Partial<Parameters<typeof connectRedis>[0]> = {}): Redis {
    const made = connectRedis({ url: server.url, use: 'request', name: 'spec', ...changes });
    extra.push(made);
    return made;
  }

  beforeAll(async () => {
    server = (await startRedis())!;
    redis = connect();
    other = connect();
  }, 60_000);
  afterEach(async () => {
    for (const made of extra.splice(2)) await closeRedis(made);
  });
  afterAll(async () => {
    for (const made of extra) await closeRedis(made);
    await server?.stop();
  });

  cacheConformance('RedisCache', async (limits) => {
    await redis.flushall();
    return {
      cache: new RedisCache(redis, 'alpha', limits),
      foreign: new RedisCache(other, 'beta', limits),
      pass,
      bytes: async () => Number((await redis.hget('alpha:cache-sizes', '')) ?? 0),
    };
  });

  locksConformance('RedisLocks', async () => {
    await redis.del(...(await redis.keys('alpha:lock:*')), 'none');
    return { locks: new RedisLocks(redis, 'alpha'), peer: new RedisLocks(other, 'alpha'), pass };
  });

  rateLimiterConformance('RedisRateLimiter', async () => {
    await redis.flushall();
    const limiter = new RedisRateLimiter(redis, 'alpha');
    return { limiter, peer: new RedisRateLimiter(other, 'alpha'), pass, isTimeOurs: false };
  });

  describe('keys', () => {
    it('of caches and limits all end by themselves, the books of the cache too', async () => {
      await redis.flushall();
      const cache = new RedisCache(redis, 'alpha');
      await cache.set('long', 1, 500_000);
      await cache.set('short', 1, 1000);
      await new RedisRateLimiter(redis, 'alpha').take('k', { ratePerSecond: 1, burst: 5 }, 3);
      const names = await redis.keys('*');
      expect(names.sort()).toEqual([
        ...['alpha:cache-ends', 'alpha:cache-sizes', 'alpha:cache:long', 'alpha:cache:short'],
        'alpha:limit:k',
      ]);
      for (const name of names) {
        const ttlMs = await redis.pttl(name);
        expect({ name, ends: ttlMs > 0 && ttlMs <= 501_000 }).toEqual({ name, ends: true });
      }
      expect(await redis.pttl('alpha:cache-ends')).toBeGreaterThan(490_000);
    });

    it('of a cache whose books were evicted are counted anew, not for ever', async () => {
      await redis.flushall();
      const cache = new RedisCache(redis, 'alpha', { maxBytes: 1000 });
      for (let i = 0; i < 5; i++) await cache.set(`k${i}`, 'x'.repeat(90), 60_000);
      await redis.del('alpha:cache-ends');
      await cache.set('k', 'x'.repeat(90), 60_000);
      expect(await redis.hget('alpha:cache-sizes', '')).toBe('93');
    });
  });

  describe('faults', () => {
    it('an unknown script is loaded', async () => {
      await redis.script('FLUSH');
      const lease = await new RedisLocks(redis, 'alpha').acquire('script', 1000);
      expect(lease).toBeDefined();
      await lease?.release();
    });

    it('fences grow although a crash lost every key', async () => {
      const before = await new RedisLocks(redis, 'alpha').acquire('crash', 600_000);
      await server.crashAndRestart();
      const after = await waitFor(() => new RedisLocks(redis, 'alpha').acquire('crash', 600_000));
      expect(after.fence > before!.fence).toBe(true);
      expect(await before!.renew(1000)).toBe(false);
    });

    it('while Redis is away a cache misses, locks and limits say unavailable, within the time limit', async () => {
      const faults: unknown[] = [];
      const impatient = connect({ timeoutMs: 300 });
      const cache = new RedisCache(impatient, 'alpha', { onFault: (error) => faults.push(error) });
      await cache.set('k', 1, 600_000);
      await server.crash();
      expect(await cache.get('k')).toBeUndefined();
      await cache.set('k', 2, 600_000);
      expect(faults).toHaveLength(2);
      const outage = { code: 'shared_state_unavailable', kind: 'unavailable', isRetryable: true };
      await expect(cache.delete('k')).rejects.toMatchObject(outage);
      const locks = new RedisLocks(impatient, 'alpha');
      await expect(locks.acquire('a', 1000)).rejects.toMatchObject(outage);
      const limiter = new RedisRateLimiter(impatient, 'alpha');
      await expect(limiter.take('k', { ratePerSecond: 1, burst: 1 })).rejects.toMatchObject(outage);
      await expect(pingRedis(impatient, 300)).rejects.toMatchObject(outage);
      await server.start();
      await waitFor(() => pingRedis(impatient).then(() => true));
      await cache.set('k', 3, 600_000);
      expect(await cache.get('k')).toBe(3);
    });

    it('a full Redis makes a cache miss, not a caller fail', async () => {
      await redis.config('SET', 'maxmemory', '1');
      try {
        const faults: unknown[] = [];
        const cache = new RedisCache(redis, 'alpha', { onFault: (error) => faults.push(error) });
        await cache.set('k', 1, 1000);
        expect(String(faults[0])).toContain('OOM');
      } finally {
        await redis.config('SET', 'maxmemory', '0');
      }
    });

    it('a URL that is none is refused by name', () => {
      expect(() => connect({ url: 'http://127.0.0.1:6379' })).toThrow(
        expect.objectContaining({ code: 'redis_url_invalid' }),
      );
    });
  });

  describe('inspectRedis', () => {
    it('finds eviction and missing persistence on a server for queues, and names the fix', async () => {
      const checks = async (use: 'queue' | 'cache') =>
        (await inspectRedis(redis, use)).map(({ check, severity }) => `${check}: ${severity}`);
      expect(await checks('queue')).toEqual(['persistence: warning']);
      await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
      expect(await checks('queue')).toEqual(['eviction: error', 'persistence: warning']);
      expect(await checks('cache')).toEqual([]);
      const [eviction] = await inspectRedis(redis, 'queue');
      expect(eviction?.problem).toContain('allkeys-lru');
      expect(eviction?.fix).toContain('noeviction');
      await redis.config('SET', 'maxmemory-policy', 'noeviction');
      await redis.config('SET', 'appendonly', 'yes');
      expect(await checks('queue')).toEqual([]);
      await redis.config('SET', 'appendonly', 'no');
    });
  });
});
