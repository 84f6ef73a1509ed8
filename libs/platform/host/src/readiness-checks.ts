import type { Profile } from '@kiki/config';
import type { ServiceReadiness } from '@kiki/health';
import { pingRedis } from '@kiki/redis';
import type { ProcessStores } from './process-stores.js';
import type { ServiceStores } from './service-stores.js';

/** What every service depends on; the services add their own checks. */
export function addReadiness(
  readiness: ServiceReadiness,
  { postgres, redis, objects, auth }: ProcessStores,
  { database, queues, queueKind }: ServiceStores,
  profile: Profile,
): void {
  readiness.add('database', async () => {
    await database.ping();
    return { status: 'up', mode: postgres.mode, version: postgres.version, profile };
  });
  readiness.add('queue', async () => {
    await queues.ping();
    return { status: 'up', store: queueKind };
  });
  readiness.add('objects', async () => {
    await objects.store.ping();
    return { status: 'up', store: objects.kind };
  });
  // Without notices a change of a key is seen a second later: worse, but right.
  readiness.add('auth', () =>
    Promise.resolve({ status: auth.isListening ? 'up' : 'degraded', hears: 'notify' } as const),
  );
  if (redis === undefined) return;
  readiness.add('redis', async () => {
    await pingRedis(redis.main);
    return { status: 'up' };
  });
  if (redis.cache === redis.main) return;
  // A cache that is away makes answers slower, not wrong.
  readiness.add('cache', async () => {
    const isUp = await pingRedis(redis.cache, 1500).then(
      () => true,
      () => false,
    );
    return { status: isUp ? 'up' : 'degraded' };
  });
}
