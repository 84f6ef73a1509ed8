import type { Redis } from 'ioredis';
import { checkKey, checkTtl, toJson } from './arguments.js';
import { orMiss, orUnavailable, type CacheFaultHandler } from './faults.js';
import { Cache } from './ports.js';

/** How a cache in Redis behaves. */
export interface RedisCacheOptions {
  /** Larger values are not kept. @default 262144 (256 KiB) */
  readonly maxValueBytes?: number;
  /** Told when Redis failed (or its memory is full) and the cache answered with a miss. */
  readonly onFault?: CacheFaultHandler;
}

/** A cache in Redis: keys `<service>:cache:<key>`, each with a time to live and a largest size. */
export class RedisCache extends Cache {
  private readonly maxValueBytes: number;

  constructor(
    private readonly redis: Redis,
    private readonly service: string,
    private readonly options: RedisCacheOptions = {},
  ) {
    super();
    this.maxValueBytes = options.maxValueBytes ?? 256 * 1024;
  }

  override async get<T>(key: string): Promise<T | undefined> {
    const json = await orMiss(() => this.redis.get(this.nameOf(key)), this.options.onFault);
    return json === null || json === undefined ? undefined : (JSON.parse(json) as T);
  }

  override async set(key: string, value: unknown, ttlMs: number): Promise<void> {
    checkKey('key', key);
    const ttl = checkTtl(ttlMs);
    const json = toJson(value);
    if (Buffer.byteLength(json) > this.maxValueBytes) return this.delete(key);
    await orMiss(() => this.redis.set(this.nameOf(key), json, 'PX', ttl), this.options.onFault);
  }

  override async delete(key: string): Promise<void> {
    await orUnavailable(() => this.redis.del(this.nameOf(key)));
  }

  private nameOf(key: string): string {
    return `${this.service}:cache:${key}`;
  }
}
