import type { RateDecision, RateLimit } from './ports.js';

/**
 * The state of one key: GCRA as the equivalent continuous-state leaky bucket (ITU-T I.371, figure A.1). With a whole
 * rate, every number is a whole number of microrequests or microseconds, so doubles carry it without rounding: the same
 * arithmetic runs in this file, in `lua/gcra-1.lua` and in `postgres-rate-limiter.ts`.
 */
export interface BucketState {
  /** What the bucket holds, in microrequests (1e-6 request), at `atUs`. */
  readonly levelMicro: number;
  /** Microseconds of the limiter's clock. */
  readonly atUs: number;
}

const MICRO = 1_000_000;

/** What the bucket holds at `nowUs`; a clock that steps back leaks nothing. */
export function levelAt(state: BucketState, ratePerSecond: number, nowUs: number): number {
  return Math.max(0, state.levelMicro - ratePerSecond * Math.max(0, nowUs - state.atUs));
}

/** One step: the decision and the state after it (a refusal takes nothing). */
export function takeFrom(
  state: BucketState | undefined,
  { limit, cost, nowUs }: { limit: RateLimit; cost: number; nowUs: number },
): { decision: RateDecision; state: BucketState } {
  const levelMicro = state ? levelAt(state, limit.ratePerSecond, nowUs) : 0;
  const atUs = Math.max(nowUs, state?.atUs ?? nowUs);
  const isAllowed = levelMicro + cost * MICRO <= limit.burst * MICRO;
  const after = isAllowed ? levelMicro + cost * MICRO : levelMicro;
  return {
    decision: decisionOf({ isAllowed, levelMicro: after, limit, cost }),
    state: { levelMicro: after, atUs },
  };
}

/** The answer that belongs to a level after the step. */
export function decisionOf(step: {
  readonly isAllowed: boolean;
  readonly levelMicro: number;
  readonly limit: RateLimit;
  readonly cost: number;
}): RateDecision {
  const freeMicro = step.limit.burst * MICRO - step.levelMicro;
  const missingMicro = step.isAllowed ? 0 : step.cost * MICRO - freeMicro;
  return {
    isAllowed: step.isAllowed,
    remaining: Math.max(0, Math.floor(freeMicro / MICRO)),
    retryAfterMs: Math.ceil(missingMicro / step.limit.ratePerSecond / 1000),
  };
}
