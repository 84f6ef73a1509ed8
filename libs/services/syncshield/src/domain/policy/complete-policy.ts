import { DAY_MS, isTimeZone, type FieldProblem } from '@kiki/kernel';
import { errors } from '../../errors.js';
import type { Policy, Rule } from './rule.js';
import { HOUR_MS } from './spend-profile.js';

/** Bounds of the windows of rules, milliseconds. */
export const MIN_VELOCITY_MS = 1_000;
export const MAX_VELOCITY_MS = HOUR_MS;
export const MAX_CAC_MS = 90 * DAY_MS;

/**
 * Checks what the shape of a policy cannot say.
 * @throws policy_invalid naming every field that is wrong
 */
export function checkPolicy(policy: Policy): Policy {
  const ids = new Set<string>();
  const fields = policy.rules.flatMap((rule, index) => {
    const at = `policy.rules[${index}]`;
    const problems = [...ruleProblems(rule), ...exemptionProblems(rule)];
    if (ids.has(rule.id)) problems.push(['id', 'an id that no other rule has']);
    ids.add(rule.id);
    return problems.map(([field, expected]): FieldProblem => ({
      field: `${at}.${field}`,
      expected,
    }));
  });
  if (fields.length > 0) throw errors.policy_invalid(undefined, { fields });
  return policy;
}

type Problem = [field: string, expected: string];

function ruleProblems(rule: Rule): Problem[] {
  if (rule.kind === 'ltv_sanity') {
    const { minPredictedLtvMicros: min, maxPredictedLtvMicros: max, maxBidPercent } = rule;
    if (min === undefined && max === undefined && maxBidPercent === undefined) {
      return [['maxBidPercent', 'at least one bound']];
    }
    const isBound = min !== undefined || max !== undefined;
    if (isBound && rule.currency === undefined) return [['currency', 'the currency of the bounds']];
    if (min !== undefined && max !== undefined && min > max) {
      return [['maxPredictedLtvMicros', 'at least minPredictedLtvMicros']];
    }
  }
  if (rule.kind === 'quiet_hours' && !isTimeZone(rule.timeZone)) {
    return [['timeZone', 'an IANA time zone such as Europe/Berlin']];
  }
  const isTried = rule.kind === 'new_geo' || rule.kind === 'new_channel';
  if (isTried && rule.trialMicros > 0n && rule.currency === undefined) {
    return [['currency', 'the currency of the trial amount']];
  }
  return [];
}

function exemptionProblems({ exemptions }: Rule): Problem[] {
  return exemptions.flatMap(({ reason, ...match }, index): Problem[] => {
    void reason;
    if (Object.values(match).some((value) => value !== undefined)) return [];
    return [[`exemptions[${index}]`, 'what is exempted, or until when']];
  });
}
