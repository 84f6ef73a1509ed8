import { canonicalJson, type Clock } from '@kiki/kernel';
import type { Approval } from '../domain/approval.js';
import { LISTED_ATTRIBUTES } from '../domain/hold-context.js';
import type { Hold } from '../domain/hold.js';
import type { Exemption } from '../domain/policy/rule.js';
import { errors } from '../errors.js';
import type { Approvals } from './approvals.js';
import type { LedgerReader } from './ledger.js';
import type { Policies } from './policies.js';

/** Action of an approval that lets holds like the one that was denied pass for a while. */
export const GRANT_EXEMPTION = 'grant_exemption';

/** Asks for an exemption of the rule that denied a hold; another key grants it, whatever four eyes guard. */
export class AppealHold {
  constructor(
    private readonly reader: LedgerReader,
    private readonly policies: Policies,
    private readonly approvals: Approvals,
    private readonly clock: Clock,
  ) {}

  /**
   * The exemption is for holds of the same budget that say the same of what they are for.
   * @throws hold_not_found, policy_not_found, appeal_not_possible
   */
  async execute(appeal: {
    readonly tenant: string;
    readonly actor: string;
    readonly holdId: string;
    readonly reason: string;
    /** How long the exemption lasts from now on. */
    readonly forMs: number;
  }): Promise<Approval> {
    const { tenant, actor, holdId, reason, forMs } = appeal;
    const hold = await this.reader.hold(tenant, holdId);
    const { policy } = await this.policies.current(tenant);
    const rule = policy.rules.find(({ id }) => id === hold.denial?.ruleId);
    if (hold.reason !== 'policy_denied' || rule === undefined) throw errors.appeal_not_possible();
    const exemption = exemptionOf(hold, reason, this.clock.nowMs() + forMs);
    return this.approvals.request({
      ...{ tenant, actor, action: GRANT_EXEMPTION, target: rule.id },
      ...{ before: canonicalJson(rule), after: canonicalJson({ holdId, exemption }) },
    });
  }
}

function exemptionOf({ budgetId, context }: Hold, reason: string, untilMs: number): Exemption {
  const said = LISTED_ATTRIBUTES.flatMap((attribute) => {
    const value = context?.[attribute];
    return value === undefined ? [] : [[attribute, value] as const];
  });
  return { reason, untilMs, budgetId, ...Object.fromEntries(said) };
}
