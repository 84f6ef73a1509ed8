import { Redis, type RedisOptions } from 'ioredis';
import { errors } from './errors.js';

/**
 * What a connection is for, which decides how patient it is:
 * - `request`: caches, limits, locks, producers: an answer within `timeoutMs` or an error;
 * - `worker`: blocking consumers: commands wait for the server to come back.
 */
export type RedisUse = 'request' | 'worker';

/** How to connect. */
export interface RedisConnectionOptions {
  /** `redis://` or `rediss://` URL. */
  readonly url: string;
  readonly use: RedisUse;
  /** Shown by `CLIENT LIST`, e.g. `syncflow`. */
  readonly name: string;
  /** Longest wait for one answer of a `request` connection. @default 2000 */
  readonly timeoutMs?: number;
  /** Told about every connection fault; without it faults only show as failed commands. */
  readonly onFault?: (error: Error) => void;
}

/** Longest pause between two attempts to reconnect: workers resume ≤ 5 s after a restart. */
const MAX_RECONNECT_MS = 1000;

function checkUrl(url: string): string {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol !== 'redis:' && protocol !== 'rediss:') {
    throw errors.redis_url_invalid(undefined, {
      fields: [{ field: 'REDIS_URL', expected: 'a URL such as redis://127.0.0.1:6379/0' }],
    });
  }
  return url;
}

/**
 * A connection that reconnects for ever, at most a second apart; it connects in the background and never throws by
 * itself.
 * @throws redis_url_invalid
 */
export function connectRedis(options: RedisConnectionOptions): Redis {
  const timeoutMs = options.timeoutMs ?? 2000;
  const common: RedisOptions = {
    connectionName: options.name,
    connectTimeout: 5000,
    keepAlive: 10_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), MAX_RECONNECT_MS),
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
  const patience: RedisOptions =
    options.use === 'worker'
      ? { maxRetriesPerRequest: null, enableOfflineQueue: true }
      : {
          maxRetriesPerRequest: 1,
          commandTimeout: timeoutMs,
          autoResendUnfulfilledCommands: false,
        };
  const redis = new Redis(checkUrl(options.url), { ...common, ...patience });
  redis.on('error', (error: Error) => options.onFault?.(error));
  return redis;
}

/** Resolves when the server answers. @throws shared_state_unavailable */
export async function pingRedis(redis: Redis, timeoutMs = 2000): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([redis.ping(), late]);
  } catch (cause) {
    throw errors.shared_state_unavailable('Redis does not answer.', {}, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** Closes a connection: politely when it is up, at once when it is not. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'ready') {
    await redis.quit().catch(() => redis.disconnect());
  } else {
    redis.disconnect();
  }
}
