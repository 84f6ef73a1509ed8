import type { Budget } from '../budget.js';
import type { Hold } from '../hold.js';
import { CompiledPolicy } from './compiled-policy.js';
import type { Outcome } from './finding.js';
import { askOf } from './policy-judge.js';
import type { Policy, Rule } from './rule.js';
import { RuleFacts } from './rule-facts.js';

/** What one rule had to do with a hold. */
export interface TracedRule {
  readonly rule: Rule;
  readonly outcome: Outcome | 'not_reached';
  readonly values: Readonly<Record<string, string>>;
}

/** Rules that are judged by the hold, its path and its instant alone. */
const STATELESS = new Set(['ltv_sanity', 'quiet_hours', 'allow_list', 'block_list']);

/**
 * The rules of the policy that judged a hold, with what they said. Rules of the hold alone are judged again; what
 * others knew then is kept of the one that denied only: the rest passed, or was not reached.
 */
export function traceHold(hold: Hold, policy: Policy, path: readonly Budget[]): TracedRule[] {
  const ask = askOf({ ...hold, amountMicros: hold.requestedMicros }, path, hold.decidedMs);
  const denier = policy.rules.findIndex(({ id }) => id === hold.denial?.ruleId);
  const isStopped = hold.reason === 'budget_paused' || hold.reason === 'kill_switch';
  const traces = new CompiledPolicy(0, policy).trace(ask, new RuleFacts());
  return traces.map(({ rule, finding }, index): TracedRule => {
    if (isStopped || (denier >= 0 && index > denier)) {
      return { rule, outcome: 'not_reached', values: {} };
    }
    if (index === denier) return { rule, outcome: 'denied', values: hold.denial?.values ?? {} };
    if (finding.outcome === 'not_applicable' || STATELESS.has(rule.kind)) {
      return { rule, outcome: finding.outcome, values: finding.values ?? {} };
    }
    return { rule, outcome: 'passed', values: {} };
  });
}
