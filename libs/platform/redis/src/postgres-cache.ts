import type { Clock } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import { checkKey, checkTtl, toJson } from './arguments.js';
import { orMiss, orUnavailable, type CacheFaultHandler } from './faults.js';
import { Cache } from './ports.js';
import { sharedTable } from './shared-state-schema.js';

/** How much a cache in Postgres may hold. */
export interface PostgresCacheOptions {
  /** Bytes of keys and JSON in all; the soonest to expire go first. @default 67108864 (64 MiB) */
  readonly maxBytes?: number;
  /** Larger values are not kept. @default 262144 (256 KiB) */
  readonly maxValueBytes?: number;
  /** Time between sweeps, which run after a write. @default 30000 */
  readonly sweepEveryMs?: number;
  /** Told when the store failed and the cache answered with a miss. */
  readonly onFault?: CacheFaultHandler;
}

const SWEEP_ROWS = 10_000;

/** A cache in `<service>_shared.cache` (unlogged), shared by the service's processes. */
export class PostgresCache extends Cache {
  private readonly table: string;
  private readonly maxBytes: number;
  private readonly maxValueBytes: number;
  private readonly sweepEveryMs: number;
  private sweptAtMs: number;
  private writtenBytes = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly options: PostgresCacheOptions = {},
  ) {
    super();
    this.table = sharedTable(database, 'cache');
    this.maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
    this.maxValueBytes = Math.min(options.maxValueBytes ?? 256 * 1024, this.maxBytes);
    this.sweepEveryMs = options.sweepEveryMs ?? 30_000;
    this.sweptAtMs = clock.monotonicMs();
  }

  override async get<T>(key: string): Promise<T | undefined> {
    const rows = await orMiss(
      () =>
        this.database.query<{ value: string }>(
          `SELECT value FROM ${this.table} WHERE key = $1 AND expires_at > clock_timestamp()`,
          [key],
        ),
      this.options.onFault,
    );
    const json = rows?.[0]?.value;
    return json === undefined ? undefined : (JSON.parse(json) as T);
  }

  override async set(key: string, value: unknown, ttlMs: number): Promise<void> {
    checkKey('key', key);
    const ttl = checkTtl(ttlMs);
    const json = toJson(value);
    const bytes = Buffer.byteLength(json) + Buffer.byteLength(key);
    if (Buffer.byteLength(json) > this.maxValueBytes) return this.delete(key);
    await orMiss(() => this.write({ key, json, bytes, ttl }), this.options.onFault);
  }

  override async delete(key: string): Promise<void> {
    await orUnavailable(() =>
      this.database.execute(`DELETE FROM ${this.table} WHERE key = $1`, [key]),
    );
  }

  private async write(row: {
    key: string;
    json: string;
    bytes: number;
    ttl: number;
  }): Promise<void> {
    await this.database.execute(
      `INSERT INTO ${this.table} (key, value, bytes, expires_at)
       VALUES ($1, $2, $3, clock_timestamp() + $4 * interval '1 millisecond')
       ON CONFLICT (key) DO UPDATE
         SET value = EXCLUDED.value, bytes = EXCLUDED.bytes, expires_at = EXCLUDED.expires_at`,
      [row.key, row.json, row.bytes, row.ttl],
    );
    this.writtenBytes += row.bytes;
    const isDue = this.clock.monotonicMs() - this.sweptAtMs >= this.sweepEveryMs;
    if (isDue || this.writtenBytes > this.maxBytes / 8) await this.sweep();
  }

  /** Removes what is expired and, beyond the byte budget, what expires soonest. */
  async sweep(): Promise<{ expired: number; evicted: number }> {
    this.sweptAtMs = this.clock.monotonicMs();
    this.writtenBytes = 0;
    const expired = await this.database.execute(
      `DELETE FROM ${this.table} WHERE key IN
         (SELECT key FROM ${this.table} WHERE expires_at <= clock_timestamp()
           LIMIT ${SWEEP_ROWS} FOR UPDATE SKIP LOCKED)`,
    );
    const evicted = await this.database.execute(
      `DELETE FROM ${this.table} WHERE key IN
         (SELECT key FROM
           (SELECT key, sum(bytes) OVER (ORDER BY expires_at DESC, key) AS kept FROM ${this.table}) sized
          WHERE kept > $1)`,
      [this.maxBytes],
    );
    return { expired, evicted };
  }
}
