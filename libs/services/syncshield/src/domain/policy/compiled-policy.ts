import { findConsent, findListed, findNewValue, Listed } from './listed.js';
import { isWithinGeo } from '../hold-context.js';
import { NOT_APPLICABLE, type Ask, type Facts, type Finding } from './finding.js';
import { findLtvSanity } from './ltv-sanity.js';
import { findMaxCac } from './max-cac.js';
import { findQuietHours } from './quiet-hours.js';
import type { Exemption, Policy, Rule, Scope } from './rule.js';
import { findVelocity } from './spend-velocity.js';

/** A rule that is ready to judge. */
export interface CompiledRule {
  readonly rule: Rule;
  /** `not_applicable` outside its scope and for exempted holds. */
  find(ask: Ask, facts: Facts): Finding;
  /** Whether the hold is in the rule's scope and not exempted. */
  judges(ask: Ask): boolean;
}

/** What one rule said of a hold. */
export interface RuleFinding {
  readonly rule: Rule;
  readonly finding: Finding;
}

/** A version of a tenant's policy, compiled once: judging is pure and takes microseconds. */
export class CompiledPolicy {
  readonly rules: readonly CompiledRule[];

  constructor(
    readonly version: number,
    readonly policy: Policy,
  ) {
    this.rules = policy.rules.map(compileRule);
  }

  /** The first rule that denies; undefined when all let the hold pass. */
  denialOf(ask: Ask, facts: Facts): RuleFinding | undefined {
    for (const compiled of this.rules) {
      const finding = compiled.find(ask, facts);
      if (finding.outcome === 'denied') return { rule: compiled.rule, finding };
    }
    return undefined;
  }

  /** What every rule says, in order. */
  trace(ask: Ask, facts: Facts): RuleFinding[] {
    return this.rules.map((compiled) => ({
      rule: compiled.rule,
      finding: compiled.find(ask, facts),
    }));
  }
}

function compileRule(rule: Rule): CompiledRule {
  const judge = finderOf(rule);
  const judges = (ask: Ask): boolean =>
    isInScope(rule.scope, ask) && !rule.exemptions.some((of) => isExempt(of, ask));
  return {
    rule,
    judges,
    find: (ask, facts) => (judges(ask) ? judge(ask, facts) : NOT_APPLICABLE),
  };
}

function finderOf(rule: Rule): (ask: Ask, facts: Facts) => Finding {
  switch (rule.kind) {
    case 'ltv_sanity':
      return (ask) => findLtvSanity(rule, ask);
    case 'max_cac':
      return (ask, facts) => findMaxCac(rule, ask, facts);
    case 'spend_velocity':
      return (ask, facts) => findVelocity(rule, ask, facts);
    case 'quiet_hours':
      return (ask) => findQuietHours(rule, ask);
    case 'consent_required':
      return (ask, facts) => findConsent(rule, ask, facts);
    case 'new_geo':
    case 'new_channel': {
      const listed = new Listed(rule.kind === 'new_geo' ? 'geo' : 'channel', rule.known);
      return (ask, facts) => findNewValue(rule, listed, ask, facts);
    }
    case 'allow_list':
    case 'block_list': {
      const listed = new Listed(rule.attribute, rule.values);
      return (ask) => findListed(rule, listed, ask);
    }
  }
}

/** Whether a rule of that scope judges the hold. A hold that names no channel is in the scope of none. */
export function isInScope({ budgetId, channel }: Scope, { path, context }: Ask): boolean {
  if (channel !== undefined && context.channel !== channel) return false;
  return budgetId === undefined || path.some(({ id }) => id === budgetId);
}

function isExempt(exemption: Exemption, { path, context, nowMs }: Ask): boolean {
  const { untilMs, budgetId, channel, geo, campaignId, publisher } = exemption;
  if (untilMs !== undefined && nowMs >= untilMs) return false;
  if (budgetId !== undefined && !path.some(({ id }) => id === budgetId)) return false;
  if (geo !== undefined && !isWithinGeo(context.geo ?? '', geo)) return false;
  return (
    (channel === undefined || context.channel === channel) &&
    (campaignId === undefined || context.campaignId === campaignId) &&
    (publisher === undefined || context.publisher === publisher)
  );
}
