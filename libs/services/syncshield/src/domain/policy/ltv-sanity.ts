import { found, missing, NOT_APPLICABLE, type Ask, type Finding } from './finding.js';
import type { LtvSanityRule } from './rule.js';

/** The predicted LTV is within bounds, and the bid at most `maxBidPercent` of it. */
export function findLtvSanity(rule: LtvSanityRule, { request, context }: Ask): Finding {
  const { predictedLtvMicros: ltv, bidMicros: bid } = context;
  if (ltv === undefined) return missing('predictedLtvMicros', rule.onMissing);
  const values: Record<string, string> = { predictedLtvMicros: ltv.toString() };
  const hasBounds =
    rule.minPredictedLtvMicros !== undefined || rule.maxPredictedLtvMicros !== undefined;
  if (hasBounds && rule.currency === request.currency) {
    const { minPredictedLtvMicros: min, maxPredictedLtvMicros: max } = rule;
    if (min !== undefined) values['minPredictedLtvMicros'] = min.toString();
    if (max !== undefined) values['maxPredictedLtvMicros'] = max.toString();
    const isWithin = (min === undefined || ltv >= min) && (max === undefined || ltv <= max);
    if (!isWithin) return found(false, values);
  }
  if (rule.maxBidPercent === undefined) {
    return hasBounds && rule.currency !== request.currency ? NOT_APPLICABLE : found(true, values);
  }
  if (bid === undefined) return missing('bidMicros', rule.onMissing);
  values['bidMicros'] = bid.toString();
  values['maxBidPercent'] = String(rule.maxBidPercent);
  return found(bid * 100n <= ltv * BigInt(rule.maxBidPercent), values);
}
