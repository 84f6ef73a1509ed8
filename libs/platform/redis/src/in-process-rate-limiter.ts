import type { Clock } from '@kiki/kernel';
import { checkKey, checkLimit } from './arguments.js';
import { levelAt, takeFrom, type BucketState } from './gcra.js';
import { RateLimiter, type RateDecision, type RateLimit } from './ports.js';

/** How many keys a limiter of one process may hold. */
export interface InProcessRateLimiterOptions {
  /** Keys that still hold something; beyond it new keys are refused for a moment. @default 200000 */
  readonly maxKeys?: number;
}

interface Bucket {
  state: BucketState;
  ratePerSecond: number;
}

const FIRST_SWEEP_AT = 1024;
const RETRY_WHEN_FULL_MS = 1000;

/**
 * GCRA in this process. Only buckets that have run dry are forgotten, which changes no decision; when the map is
 * full of
 * live buckets a new key is refused rather than an old one let off.
 */
export class InProcessRateLimiter extends RateLimiter {
  private readonly buckets = new Map<string, Bucket>();
  private readonly maxKeys: number;
  private sweepAt: number;
  private sweptAtUs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    options: InProcessRateLimiterOptions = {},
  ) {
    super();
    this.maxKeys = options.maxKeys ?? 200_000;
    this.sweepAt = Math.min(FIRST_SWEEP_AT, this.maxKeys);
  }

  /** Keys held at the moment. */
  get size(): number {
    return this.buckets.size;
  }

  override async take(key: string, limit: RateLimit, cost = 1): Promise<RateDecision> {
    checkKey('key', key);
    checkLimit(limit, cost);
    const nowUs = Math.floor(this.clock.monotonicMs() * 1000);
    const bucket = this.buckets.get(key);
    if (bucket === undefined && !this.hasRoom(nowUs)) {
      return { isAllowed: false, remaining: 0, retryAfterMs: RETRY_WHEN_FULL_MS };
    }
    const { decision, state } = takeFrom(bucket?.state, { limit, cost, nowUs });
    if (bucket === undefined) {
      this.buckets.set(key, { state, ratePerSecond: limit.ratePerSecond });
    } else {
      bucket.state = state;
      bucket.ratePerSecond = limit.ratePerSecond;
    }
    return Promise.resolve(decision);
  }

  private hasRoom(nowUs: number): boolean {
    const isFull = this.buckets.size >= this.maxKeys;
    const sweptJustNow = nowUs - this.sweptAtUs < RETRY_WHEN_FULL_MS * 1000;
    if (this.buckets.size >= this.sweepAt && !(isFull && sweptJustNow)) this.sweep(nowUs);
    return this.buckets.size < this.maxKeys;
  }

  private sweep(nowUs: number): void {
    this.sweptAtUs = nowUs;
    for (const [key, { state, ratePerSecond }] of this.buckets) {
      if (levelAt(state, ratePerSecond, nowUs) === 0) this.buckets.delete(key);
    }
    this.sweepAt = Math.min(this.maxKeys, Math.max(FIRST_SWEEP_AT, 2 * this.buckets.size));
  }
}
