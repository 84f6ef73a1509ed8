import type { Redis } from 'ioredis';
import { checkKey, checkTtl, toJson } from './arguments.js';
import { orMiss, orUnavailable, type CacheFaultHandler } from './faults.js';
import { Cache } from './ports.js';
import { RedisScript } from './redis-script.js';

/** How a cache in Redis behaves. */
export interface RedisCacheOptions {
  /** Bytes of keys and JSON in all; the soonest to expire go first. @default 67108864 (64 MiB) */
  readonly maxBytes?: number;
  /** Larger values are not kept. @default 262144 (256 KiB) */
  readonly maxValueBytes?: number;
  /** Told when Redis failed (or its memory is full) and the cache answered with a miss. */
  readonly onFault?: CacheFaultHandler;
}

const set = new RedisScript(new URL('../lua/cache-set-2.lua', import.meta.url));
const remove = new RedisScript(new URL('../lua/cache-delete-2.lua', import.meta.url));

/**
 * A cache in Redis: keys `<service>:cache:<key>`, each with a time to live, and in `<service>:cache-ends` and
 * `<service>:cache-sizes` the books of its byte budget.
 */
export class RedisCache extends Cache {
  private readonly prefix: string;
  private readonly books: readonly [string, string];
  private readonly maxBytes: number;
  private readonly maxValueBytes: number;

  constructor(
    private readonly redis: Redis,
    service: string,
    private readonly options: RedisCacheOptions = {},
  ) {
    super();
    this.prefix = `${service}:cache:`;
    this.books = [`${service}:cache-ends`, `${service}:cache-sizes`];
    this.maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
    this.maxValueBytes = Math.min(options.maxValueBytes ?? 256 * 1024, this.maxBytes);
  }

  override async get<T>(key: string): Promise<T | undefined> {
    const json = await orMiss(() => this.redis.get(this.prefix + key), this.options.onFault);
    return json === null || json === undefined ? undefined : (JSON.parse(json) as T);
  }

  override async set(key: string, value: unknown, ttlMs: number): Promise<void> {
    checkKey('key', key);
    const ttl = checkTtl(ttlMs);
    const json = toJson(value);
    const bytes = Buffer.byteLength(json) + Buffer.byteLength(key);
    if (Buffer.byteLength(json) > this.maxValueBytes || bytes > this.maxBytes) {
      return this.delete(key);
    }
    const values = [this.prefix, key, json, ttl, bytes, this.maxBytes];
    await orMiss(() => set.run(this.redis, this.books, values), this.options.onFault);
  }

  override async delete(key: string): Promise<void> {
    await orUnavailable(() => remove.run(this.redis, this.books, [this.prefix, key]));
  }
}
