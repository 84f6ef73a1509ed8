import type { Clock } from '@kiki/kernel';
import { LRUCache } from 'lru-cache';
import { checkKey, checkTtl, toJson } from './arguments.js';
import { Cache } from './ports.js';

/** How much an in-process cache may hold. */
export interface InProcessCacheOptions {
  /** Bytes of keys and JSON in all; the least recently used go first. @default 67108864 (64 MiB) */
  readonly maxBytes?: number;
  /** Larger values are not kept. @default 262144 (256 KiB) */
  readonly maxValueBytes?: number;
}

/** Rough bytes of the map entry itself. */
const ENTRY_BYTES = 128;

/** A cache of this process alone; values are kept as JSON, so nobody shares an object with it. */
export class InProcessCache extends Cache {
  private readonly entries: LRUCache<string, string>;
  private readonly maxValueBytes: number;

  constructor(clock: Clock, options: InProcessCacheOptions = {}) {
    super();
    const maxSize = options.maxBytes ?? 64 * 1024 * 1024;
    this.maxValueBytes = Math.min(options.maxValueBytes ?? 256 * 1024, maxSize);
    this.entries = new LRUCache({
      maxSize,
      sizeCalculation: (json, key) => 2 * (json.length + key.length) + ENTRY_BYTES,
      ttlResolution: 0,
      perf: { now: () => clock.monotonicMs() + 1 }, // a start of exactly 0 would mean "no time to live"
    });
  }

  /** Bytes held at the moment. */
  get bytes(): number {
    return this.entries.calculatedSize;
  }

  override get<T>(key: string): Promise<T | undefined> {
    const json = this.entries.get(key);
    return Promise.resolve(json === undefined ? undefined : (JSON.parse(json) as T));
  }

  override async set(key: string, value: unknown, ttlMs: number): Promise<void> {
    checkKey('key', key);
    const ttl = checkTtl(ttlMs);
    const json = toJson(value);
    if (Buffer.byteLength(json) > this.maxValueBytes) this.entries.delete(key);
    else this.entries.set(key, json, { ttl });
    return Promise.resolve();
  }

  override delete(key: string): Promise<void> {
    this.entries.delete(key);
    return Promise.resolve();
  }
}
