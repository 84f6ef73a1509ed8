import type { Budget } from '../budget.js';
import type { Denial, Hold, HoldRequest } from '../hold.js';
import { Judge, type Verdict } from '../judge.js';
import type { RuleFinding } from './compiled-policy.js';
import { killOf, type Controls, type KillScope } from './controls.js';
import type { Ask } from './finding.js';
import { RuleFacts } from './rule-facts.js';

const NO_CONTEXT = {};

/** Kill switches first, then the rules of the tenant's policy, with what was read for one batch. */
export class PolicyJudge extends Judge {
  constructor(
    private readonly controls: ReadonlyMap<string, Controls>,
    private readonly facts: ReadonlyMap<string, RuleFacts>,
  ) {
    super();
  }

  override judge(
    request: HoldRequest,
    path: readonly Budget[],
    nowMs: number,
  ): Verdict | undefined {
    const controls = this.controls.get(request.tenant);
    if (controls === undefined) return undefined;
    const kill = killOf(controls, path);
    if (kill !== undefined) return { reason: 'kill_switch', denial: killDenial(kill, request) };
    const { policy } = controls;
    if (policy === undefined) return undefined;
    const denied = policy.denialOf(
      askOf(request, path, nowMs),
      this.facts.get(request.tenant) ?? new RuleFacts(),
    );
    if (denied === undefined) return undefined;
    return { reason: 'policy_denied', denial: ruleDenial(denied, policy.version, request) };
  }

  override policyVersion(tenant: string): number | undefined {
    return this.controls.get(tenant)?.policy?.version;
  }

  override decided(hold: Hold, path: readonly Budget[]): void {
    if (!hold.isApproved) return;
    const policy = this.controls.get(hold.tenant)?.policy;
    if (policy === undefined) return;
    this.facts.get(hold.tenant)?.approve(policy, askOf(hold, path, hold.decidedMs));
  }
}

/** A hold as rules see it. */
export function askOf(request: HoldRequest, path: readonly Budget[], nowMs: number): Ask {
  return { request, context: request.context ?? NO_CONTEXT, path, nowMs };
}

function killDenial({ id, budgetId, setMs }: KillScope, request: HoldRequest): Denial {
  return {
    budgetId: budgetId ?? request.budgetId,
    values: {
      killSwitchId: id,
      scope: budgetId === undefined ? 'tenant' : 'budget',
      since: new Date(setMs).toISOString(),
    },
  };
}

/** What a rule that denies says, as it is answered and stored. */
export function ruleDenial(
  { rule, finding }: RuleFinding,
  policyVersion: number,
  request: HoldRequest,
): Denial {
  return {
    budgetId: finding.budgetId ?? request.budgetId,
    ruleId: rule.id,
    policyVersion,
    ...(finding.window === undefined ? {} : { window: finding.window }),
    values: { rule: rule.kind, ...finding.values },
  };
}
