import { found, type Ask, type Facts, type Finding } from './finding.js';
import { measuredAt, type SpendVelocityRule } from './rule.js';
import { expectedMicros } from './spend-profile.js';

/** A window is counted in so many buckets, and one more that is covered in part. */
const BUCKETS = 10;

/** Length of one bucket of a velocity window, ms. */
export function velocityBucketMs(windowMs: number): number {
  return Math.ceil(windowMs / BUCKETS);
}

/** The buckets that count at an instant, both included. */
export function velocityBuckets(
  windowMs: number,
  nowMs: number,
): { readonly first: number; readonly last: number } {
  const last = Math.floor(nowMs / velocityBucketMs(windowMs));
  return { first: last - BUCKETS, last };
}

/**
 * Vetoes a hold that would take what was approved in the window above `factor` times what is expected of it plus some
 * lumps. Both sides cover the same buckets, so a full oldest bucket is no veto.
 */
export function findVelocity(rule: SpendVelocityRule, ask: Ask, facts: Facts): Finding {
  const node = measuredAt(rule, ask.path);
  const profile = node === undefined ? undefined : facts.profile(node.budgetNo);
  if (node === undefined || profile === undefined || profile.hours < rule.minHours) {
    const hours = { learnedHours: String(profile?.hours ?? 0), neededHours: String(rule.minHours) };
    return { outcome: 'learning', values: hours };
  }
  const { nowMs, request } = ask;
  const bucketMs = velocityBucketMs(rule.windowMs);
  const expected = expectedMicros(profile, nowMs, (BUCKETS + 1) * bucketMs);
  const allowed = allowedMicros(rule, expected, profile.lumpMicros);
  const approved = facts.approvedMicros(rule, node.budgetNo, nowMs);
  const { first } = velocityBuckets(rule.windowMs, nowMs);
  return found(
    approved + request.amountMicros <= allowed,
    () => ({
      approvedMicros: approved.toString(),
      amountMicros: request.amountMicros.toString(),
      expectedMicros: expected.toString(),
      allowedMicros: allowed.toString(),
      factorPercent: String(rule.factorPercent),
    }),
    { window: { fromMs: first * bucketMs, toMs: nowMs }, budgetId: node.id },
  );
}

function allowedMicros(rule: SpendVelocityRule, expected: bigint, lump: bigint): bigint {
  const allowed = (expected * BigInt(rule.factorPercent)) / 100n + BigInt(rule.slackLumps) * lump;
  return allowed > rule.minMicros ? allowed : rule.minMicros;
}
