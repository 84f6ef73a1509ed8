import { RedisScript } from '@kiki/redis';
import type { Redis } from 'ioredis';

const heads = new RedisScript(new URL('../lua/oldest-waiting-2.lua', import.meta.url));

/** Since when the longest-waiting job of a queue could have been run; `key` is `<prefix>:<queue>`. */
export async function oldestWaiting(redis: Redis, key: string): Promise<number | undefined> {
  const ids = (await heads.run(redis, [`${key}:wait`, `${key}:prioritized`], [])) as string[];
  const instants = await Promise.all(ids.map((id) => readySinceMs(redis, `${key}:${id}`)));
  const known = instants.filter((instant) => instant !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** A job is ready since it was added, or since its own delay was over. */
async function readySinceMs(redis: Redis, key: string): Promise<number | undefined> {
  const [timestamp, opts] = await redis.hmget(key, 'timestamp', 'opts');
  if (!timestamp) return undefined;
  const { delay } = JSON.parse(opts || '{}') as { delay?: number };
  return Number(timestamp) + (delay ?? 0);
}
