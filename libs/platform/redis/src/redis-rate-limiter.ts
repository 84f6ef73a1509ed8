import type { Redis } from 'ioredis';
import { checkKey, checkLimit } from './arguments.js';
import { orUnavailable } from './faults.js';
import { decisionOf } from './gcra.js';
import { RateLimiter, type RateDecision, type RateLimit } from './ports.js';
import { RedisScript } from './redis-script.js';

const gcra = new RedisScript(new URL('../lua/gcra-1.lua', import.meta.url));

/** GCRA in Redis by one Lua step: keys `<service>:limit:<key>`, gone when the bucket is dry. */
export class RedisRateLimiter extends RateLimiter {
  constructor(
    private readonly redis: Redis,
    private readonly service: string,
  ) {
    super();
  }

  override async take(key: string, limit: RateLimit, cost = 1): Promise<RateDecision> {
    checkKey('key', key);
    checkLimit(limit, cost);
    const answer = await orUnavailable(() =>
      gcra.run(
        this.redis,
        [`${this.service}:limit:${key}`],
        [limit.ratePerSecond, limit.burst, cost],
      ),
    );
    const [allowed, level] = answer as [number, string];
    return decisionOf({ isAllowed: allowed === 1, levelMicro: Number(level), limit, cost });
  }
}
