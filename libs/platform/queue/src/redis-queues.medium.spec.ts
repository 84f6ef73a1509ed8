/** Goal: queues on Redis keep every promise. Method: the conformance suite on a private, durable server that is killed in it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RedisFinding } from '@kiki/redis';
import { describeUnless, freePort, redisMissing, startRedis, type TestRedis } from '@kiki/testing';
import { Redis } from 'ioredis';
import { queuesConformance } from './queues.conformance.js';
import { openRedisQueueBackend } from './redis-queue-backend.js';

describeUnless(redisMissing(), 'a private Redis', () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = (await startRedis({ appendonly: 'yes', appendfsync: 'always' }))!;
  });
  afterAll(() => server?.stop());

  queuesConformance('Redis', () => ({
    open: () => openRedisQueueBackend({ url: server.url, service: 'syncflow' }),
    reach: { url: server.url },
    crash: () => server.crash(),
    restart: () => server.start(),
  }));

  describe('openRedisQueueBackend', () => {
    const service = 'syncflow';
    let admin: Redis;
    beforeAll(() => {
      admin = new Redis(server.url);
    });
    afterAll(() => admin.quit());

    it('refuses a server that may evict jobs, by the name of its policy and with the fix', async () => {
      await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
      await expect(openRedisQueueBackend({ url: server.url, service })).rejects.toMatchObject({
        code: 'queue_store_unfit',
        message: expect.stringMatching(/allkeys-lru.*noeviction/s) as unknown,
      });
      await admin.config('SET', 'maxmemory-policy', 'noeviction');
      await (await openRedisQueueBackend({ url: server.url, service })).close();
    });

    it('warns of one that forgets its jobs at a restart', async () => {
      const warnings: RedisFinding[] = [];
      const onWarning = (finding: RedisFinding): void => void warnings.push(finding);
      await admin.config('SET', 'appendonly', 'no');
      await (await openRedisQueueBackend({ url: server.url, service, onWarning })).close();
      expect(warnings).toMatchObject([{ check: 'persistence' }]);
    });

    it('says unavailable when nobody answers', async () => {
      const url = `redis://127.0.0.1:${await freePort()}`;
      await expect(openRedisQueueBackend({ url, service })).rejects.toMatchObject({
        kind: 'unavailable',
      });
    });
  });
});
