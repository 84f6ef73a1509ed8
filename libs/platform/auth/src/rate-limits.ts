import type { RateDecision, RateLimit, RateLimiter } from '@kiki/redis';
import { errors } from './errors.js';
import type { CallerLimits } from './key-authenticator.js';
import type { Principal } from './principal.js';

/** Limits that apply where neither key nor tenant has its own. */
export interface DefaultLimits {
  /** @default 10000/s, burst 20000 */
  readonly key: RateLimit;
  /** @default 20000/s, burst 40000 */
  readonly tenant: RateLimit;
}

export const DEFAULT_LIMITS: DefaultLimits = {
  key: { ratePerSecond: 10_000, burst: 20_000 },
  tenant: { ratePerSecond: 20_000, burst: 40_000 },
};

/** What the limits leave a caller, for the RateLimit headers. */
export interface LimitState {
  readonly limit: RateLimit;
  readonly remaining: number;
  /** Seconds until the burst is whole again. */
  readonly resetSeconds: number;
}

/**
 * GCRA limits per key and per tenant, the stricter one shown. Services calling each other are not limited: what they do
 * was let in at the edge once.
 */
export class RateLimits {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly limitsOf: (principal: Principal) => CallerLimits | undefined,
    private readonly defaults: DefaultLimits = DEFAULT_LIMITS,
  ) {}

  /** Counts one call; undefined for a caller without limits. @throws rate_limited with `retryAfterMs` */
  async take(principal: Principal): Promise<LimitState | undefined> {
    if (principal.service !== undefined) return undefined;
    const own = this.limitsOf(principal);
    const keyLimit = own?.key ?? this.defaults.key;
    const tenantLimit = own?.tenant ?? this.defaults.tenant;
    const [key, tenant] = await Promise.all([
      this.limiter.take(`key:${principal.keyId}`, keyLimit),
      this.limiter.take(`tenant:${principal.tenant}`, tenantLimit),
    ]);
    refuseUnless(key, `key ${principal.keyId}`, keyLimit);
    refuseUnless(tenant, `tenant ${principal.tenant}`, tenantLimit);
    return key.remaining <= tenant.remaining
      ? stateOf(keyLimit, key)
      : stateOf(tenantLimit, tenant);
  }
}

function stateOf(limit: RateLimit, decision: RateDecision): LimitState {
  const missing = limit.burst - decision.remaining;
  return {
    limit,
    remaining: decision.remaining,
    resetSeconds: Math.max(0, Math.ceil(missing / limit.ratePerSecond)),
  };
}

function refuseUnless(decision: RateDecision, whose: string, limit: RateLimit): void {
  if (decision.isAllowed) return;
  throw errors.rate_limited(
    `The limit of ${whose} (${limit.ratePerSecond} per second, burst ${limit.burst}) is used up.`,
    { retryAfterMs: Math.max(1, Math.ceil(decision.retryAfterMs)), limit },
  );
}
