import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { checkKey, checkTtl } from './arguments.js';
import { orUnavailable } from './faults.js';
import { Locks, type Lease } from './ports.js';
import { RedisScript } from './redis-script.js';

const acquire = new RedisScript(new URL('../lua/lock-acquire-2.lua', import.meta.url));
const renew = new RedisScript(new URL('../lua/lock-renew-1.lua', import.meta.url));
const release = new RedisScript(new URL('../lua/lock-release-1.lua', import.meta.url));

/**
 * Locks in Redis: keys `<service>:lock:<name>`. The fence is a counter that is never below the server's clock in
 * microseconds, so it grows even when Redis loses its newest writes.
 */
export class RedisLocks extends Locks {
  constructor(
    private readonly redis: Redis,
    private readonly service: string,
  ) {
    super();
  }

  override async acquire(name: string, ttlMs: number): Promise<Lease | undefined> {
    checkKey('name', name);
    const ttl = checkTtl(ttlMs);
    const owner = randomUUID();
    const keys = [`${this.service}:lock:${name}`, `${this.service}:lock-fence`];
    const fence = await orUnavailable(() => acquire.run(this.redis, keys, [owner, ttl]));
    if (typeof fence !== 'string') return undefined;
    const key = keys.slice(0, 1);
    return {
      name,
      fence: BigInt(fence),
      renew: async (ttlMs) => {
        const renewed = checkTtl(ttlMs);
        return (await orUnavailable(() => renew.run(this.redis, key, [owner, renewed]))) === 1;
      },
      release: async () => {
        await orUnavailable(() => release.run(this.redis, key, [owner]));
      },
    };
  }
}
