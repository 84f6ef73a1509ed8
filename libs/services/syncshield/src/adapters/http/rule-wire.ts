import { microsToWire } from '@kiki/kernel';
import type { z } from 'zod';
import { checkPolicy } from '../../domain/policy/complete-policy.js';
import type { Exemption, Policy, Rule } from '../../domain/policy/rule.js';
import type { PolicyBody, RuleBody } from './rule.schema.js';

type WireRule = z.infer<typeof RuleBody>;
type WireExemption = WireRule['exemptions'][number];

/** A policy as rules see it. @throws policy_invalid */
export function policyOf(body: z.infer<typeof PolicyBody>): Policy {
  return checkPolicy({ rules: body.rules.map(ruleOf) });
}

/** A policy on the wire. */
export function policyAnswer({ rules }: Policy): z.infer<typeof PolicyBody> {
  return { rules: rules.map(ruleAnswer) };
}

function ruleOf(body: WireRule): Rule {
  const exemptions = body.exemptions.map(exemptionOf);
  const rest = defined({ ...body, exemptions }) as Record<string, unknown>;
  for (const [key, value] of Object.entries(rest)) {
    if (key.endsWith('Micros')) rest[key] = BigInt(value as number);
  }
  if (body.kind === 'quiet_hours') {
    rest['fromMinute'] = minuteOf(body.from) % 1_440;
    rest['toMinute'] = minuteOf(body.to) || 1_440;
    delete rest['from'];
    delete rest['to'];
  }
  return rest as unknown as Rule;
}

function ruleAnswer(rule: Rule): WireRule {
  const rest: Record<string, unknown> = {
    ...rule,
    exemptions: rule.exemptions.map(exemptionAnswer),
  };
  for (const [key, value] of Object.entries(rest)) {
    if (typeof value === 'bigint') rest[key] = microsToWire(value);
  }
  if (rule.kind === 'quiet_hours') {
    rest['from'] = timeOf(rule.fromMinute);
    rest['to'] = timeOf(rule.toMinute);
    delete rest['fromMinute'];
    delete rest['toMinute'];
  }
  return rest as unknown as WireRule;
}

function exemptionOf({ until, ...rest }: WireExemption): Exemption {
  const untilMs = until === undefined ? {} : { untilMs: Date.parse(until) };
  return { ...defined(rest), ...untilMs } as Exemption;
}

function exemptionAnswer({ untilMs, ...rest }: Exemption): WireExemption {
  return untilMs === undefined ? rest : { ...rest, until: new Date(untilMs).toISOString() };
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

function timeOf(minute: number): string {
  const two = (of: number): string => String(of).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function defined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, of]) => of !== undefined));
}
