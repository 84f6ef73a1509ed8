/** A cache of bytes or JSON with a time to live and a byte budget; a miss is always a legal answer. */
export abstract class Cache {
  /** The value, or undefined when absent or expired. */
  abstract get<T>(key: string): Promise<T | undefined>;
  /** Keeps a JSON value for `ttlMs` (> 0). */
  abstract set(key: string, value: unknown, ttlMs: number): Promise<void>;
  abstract delete(key: string): Promise<void>;
}

/** A held lock; `fence` grows with every acquisition of the same name. */
export interface Lease {
  readonly name: string;
  /** Fencing token: a writer must refuse a smaller one than it has seen. */
  readonly fence: bigint;
  /** Extends the lease; false when it was lost meanwhile. */
  renew(ttlMs: number): Promise<boolean>;
  /** Gives the lock back; giving back a lost lock does nothing. */
  release(): Promise<void>;
}

/** Mutual exclusion between processes, by lease. */
export abstract class Locks {
  /** Takes the lock, or returns undefined when somebody else has it. */
  abstract acquire(name: string, ttlMs: number): Promise<Lease | undefined>;
}

/** A GCRA limit: a sustained rate and a burst. */
export interface RateLimit {
  /** Sustained requests per second (> 0). */
  readonly ratePerSecond: number;
  /** Requests that may come at once (≥ 1). */
  readonly burst: number;
}

/** The answer of a rate limiter. */
export interface RateDecision {
  readonly isAllowed: boolean;
  /** Requests left in the burst right now. */
  readonly remaining: number;
  /** Milliseconds until the next request would be allowed; 0 when allowed. */
  readonly retryAfterMs: number;
}

/** GCRA (generic cell rate algorithm, ITU-T I.371) per key. */
export abstract class RateLimiter {
  /** Takes `cost` (default 1) from the key's allowance, or nothing when that is not possible. */
  abstract take(key: string, limit: RateLimit, cost?: number): Promise<RateDecision>;
}
