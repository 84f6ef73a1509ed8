import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

/** A Lua file named `<name>-<number of keys>.lua`, run by its digest. */
export class RedisScript {
  private readonly source: string;
  private readonly sha1: string;
  private readonly keyCount: number;

  constructor(file: URL) {
    this.source = readFileSync(file, 'utf8');
    this.sha1 = createHash('sha1').update(this.source).digest('hex');
    this.keyCount = Number(/-(\d+)\.lua$/.exec(file.pathname)?.[1]);
  }

  /** Runs the script atomically; loads it first when the server does not know it (after a restart). */
  async run(
    redis: Redis,
    keys: readonly string[],
    values: readonly (string | number)[],
  ): Promise<unknown> {
    if (keys.length !== this.keyCount) throw new RangeError(`expected ${this.keyCount} keys`);
    try {
      return await redis.evalsha(this.sha1, this.keyCount, ...keys, ...values);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(this.source, this.keyCount, ...keys, ...values);
    }
  }
}
