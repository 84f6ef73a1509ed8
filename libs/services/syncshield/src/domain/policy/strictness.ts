import { canonicalJson } from '@kiki/kernel';
import type { Policy, Rule } from './rule.js';

/**
 * Whether every hold that the old policy denies is denied by the new one too. Errs towards "no": each old rule must be
 * found again under its id, at least as strict. Rules that are added only deny more.
 */
export function isAsStrict(before: Policy, after: Policy): boolean {
  return weakenedRules(before, after).length === 0;
}

/** Ids of the rules that are gone or let something pass that they did not. */
export function weakenedRules(before: Policy, after: Policy): string[] {
  const rules = new Map(after.rules.map((rule) => [rule.id, rule]));
  return before.rules
    .filter((rule) => {
      const now = rules.get(rule.id);
      return now === undefined || !isRuleAsStrict(rule, now);
    })
    .map(({ id }) => id);
}

function isRuleAsStrict(before: Rule, after: Rule): boolean {
  if (before.kind !== after.kind || !isSame(before.scope, after.scope)) return false;
  const exempted = before.exemptions.map(canonicalJson);
  if (!after.exemptions.every((of) => exempted.includes(canonicalJson(of)))) return false;
  return areParametersAsStrict(before, after);
}

/** One case per kind of rule, each a line of comparisons. */
function areParametersAsStrict(before: Rule, after: Rule): boolean {
  if (before.kind === 'ltv_sanity' && after.kind === 'ltv_sanity') {
    return (
      (before.currency === after.currency || hasNoBounds(before)) &&
      isAtLeast(after.minPredictedLtvMicros, before.minPredictedLtvMicros) &&
      isAtMost(after.maxPredictedLtvMicros, before.maxPredictedLtvMicros) &&
      isAtMost(after.maxBidPercent, before.maxBidPercent) &&
      isDenying(before, after)
    );
  }
  if (before.kind === 'max_cac' && after.kind === 'max_cac') {
    return (
      before.currency === after.currency &&
      before.windowMs === after.windowMs &&
      after.limitMicros <= before.limitMicros &&
      after.minAcquisitions <= before.minAcquisitions
    );
  }
  if (before.kind === 'spend_velocity' && after.kind === 'spend_velocity') {
    return (
      before.windowMs === after.windowMs &&
      after.factorPercent <= before.factorPercent &&
      after.slackLumps <= before.slackLumps &&
      after.minMicros <= before.minMicros &&
      after.minHours <= before.minHours
    );
  }
  if (isNewValue(before) && isNewValue(after)) {
    const isTrialLess =
      after.trialMicros === 0n ||
      (before.currency === after.currency && after.trialMicros <= before.trialMicros);
    return isSubset(after.known, before.known) && isTrialLess;
  }
  if (before.kind === 'quiet_hours' && after.kind === 'quiet_hours') {
    const { timeZone, fromMinute, toMinute, days } = before;
    const isSameTime =
      after.timeZone === timeZone && after.fromMinute === fromMinute && after.toMinute === toMinute;
    return isSameTime && isSubset(days, after.days);
  }
  if (before.kind === 'allow_list' && after.kind === 'allow_list') {
    return before.attribute === after.attribute && isSubset(after.values, before.values);
  }
  if (before.kind === 'block_list' && after.kind === 'block_list') {
    return before.attribute === after.attribute && isSubset(before.values, after.values);
  }
  if (before.kind === 'consent_required' && after.kind === 'consent_required') {
    return before.purpose === after.purpose && isDenying(before, after);
  }
  return false;
}

type Missing = { readonly onMissing: 'deny' | 'pass' };

function isDenying(before: Missing, after: Missing): boolean {
  return before.onMissing === after.onMissing || after.onMissing === 'deny';
}

function isNewValue(rule: Rule): rule is Extract<Rule, { kind: 'new_geo' | 'new_channel' }> {
  return rule.kind === 'new_geo' || rule.kind === 'new_channel';
}

function hasNoBounds(rule: Extract<Rule, { kind: 'ltv_sanity' }>): boolean {
  return rule.minPredictedLtvMicros === undefined && rule.maxPredictedLtvMicros === undefined;
}

function isAtLeast(after: bigint | undefined, before: bigint | undefined): boolean {
  return before === undefined || (after !== undefined && after >= before);
}

function isAtMost<T extends bigint | number>(after: T | undefined, before: T | undefined): boolean {
  return before === undefined || (after !== undefined && after <= before);
}

function isSubset<T>(part: readonly T[], whole: readonly T[]): boolean {
  const all = new Set(whole);
  return part.every((value) => all.has(value));
}

function isSame(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}
