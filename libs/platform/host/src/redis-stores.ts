import type { Logger } from '@kiki/logging';
import { closeRedis, connectRedis, inspectRedis, pingRedis } from '@kiki/redis';
import { errors } from './errors.js';
import type { HostSettings } from './settings.js';

type Redis = ReturnType<typeof connectRedis>;

/** The connections of a process that all its services share; queues have their own. */
export interface RedisStore {
  /** URL of the server of queues, locks and limits. */
  readonly url: string;
  readonly main: Redis;
  /** The same connection unless REDIS_CACHE_URL names another server. */
  readonly cache: Redis;
  close(): Promise<void>;
}

/**
 * Connects and looks whether the server is fit; undefined where none is configured.
 * @throws redis_unfit, shared_state_unavailable
 */
export async function openRedisStore(
  { shared }: HostSettings,
  logger: Logger,
): Promise<RedisStore | undefined> {
  const { redisUrl, redisCacheUrl } = shared;
  if (redisUrl === undefined) return undefined;
  const connect = (url: string): Redis =>
    connectRedis({
      ...{ url, use: 'request', name: 'kiki' },
      onFault: (error) => logger.warn('the connection to Redis was interrupted', { error }),
    });
  const main = connect(redisUrl);
  const hasOwnCache = redisCacheUrl !== undefined && redisCacheUrl !== redisUrl;
  const cache = hasOwnCache ? connect(redisCacheUrl) : main;
  const close = async (): Promise<void> => {
    await closeRedis(main);
    if (cache !== main) await closeRedis(cache);
  };
  try {
    await pingRedis(main, 5000);
    await refuseUnfit(main, logger);
    return { url: redisUrl, main, cache, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function refuseUnfit(redis: Redis, logger: Logger): Promise<void> {
  for (const { severity, check, problem, fix } of await inspectRedis(redis, 'queue')) {
    if (severity === 'error') throw errors.redis_unfit(`${problem} ${fix}`, { check });
    logger.warn(problem, { check, fix });
  }
}
