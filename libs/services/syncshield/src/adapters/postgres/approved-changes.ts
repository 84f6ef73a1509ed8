import { canonicalJson } from '@kiki/kernel';
import type { Queryable } from '@kiki/postgres';
import { GRANT_EXEMPTION } from '../../application/appeal-hold.js';
import type { ApprovedChange } from '../../application/approvals.js';
import type { BudgetInput } from '../../application/ledger.js';
import type { Approval } from '../../domain/approval.js';
import { completeCaps, type CapInput, type CapRequest } from '../../domain/caps.js';
import type { ConsentSettings } from '../../domain/consent/consent-settings.js';
import { policyFromText, type Exemption, type Rule } from '../../domain/policy/rule.js';
import { errors } from '../../errors.js';
import { currentPolicy } from './policy-rows.js';
import type { PostgresBudgets } from './postgres-budgets.js';
import type { PostgresConsentRegistry } from './postgres-consent-registry.js';
import type { PostgresKillSwitches } from './postgres-kill-switches.js';
import type { PostgresPolicies } from './postgres-policies.js';
import type { PostgresPrivacyRequests } from './postgres-privacy-requests.js';

/** What applies changes of budgets. */
export function approvedBudgetChanges(budgets: PostgresBudgets): ApprovedChange[] {
  return [
    {
      action: 'raise_limit',
      apply: (tx, approval, actor) => {
        const { caps } = JSON.parse(approval.after) as { caps: WireCap[] };
        const { tenant, target: id } = approval;
        return budgets.replaceCapsIn(tx, { tenant, id, actor }, capsOf(caps), approval);
      },
    },
    {
      action: 'resume_budget',
      apply: (tx, approval, actor) => {
        const { tenant, target: id } = approval;
        return budgets.setPausedIn(tx, { tenant, id, actor }, false, approval);
      },
    },
    {
      action: 'create_budget',
      apply: (tx, approval, actor) => {
        const input = JSON.parse(approval.after, revived) as BudgetInput;
        return budgets.createIn(tx, input, actor, approval);
      },
    },
  ];
}

/** What applies changes of kill switches and policies. */
export function approvedControlChanges(
  kills: PostgresKillSwitches,
  policies: PostgresPolicies,
): ApprovedChange[] {
  return [
    {
      action: 'lift_kill_switch',
      apply: async (tx, approval, actor) => {
        const { reason } = JSON.parse(approval.after) as { reason: string };
        await kills.liftIn(
          tx,
          { tenant: approval.tenant, id: approval.target, actor, reason },
          approval,
        );
      },
    },
    {
      action: 'weaken_policy',
      apply: async (tx, approval, actor) => {
        const { policy, comment } = JSON.parse(approval.after) as {
          policy: unknown;
          comment?: string;
        };
        const change = { tenant: approval.tenant, actor, policy: policyOf(policy) };
        await policies.putIn(
          tx,
          { ...change, ...(comment === undefined ? {} : { comment }) },
          approval,
        );
      },
    },
    { action: GRANT_EXEMPTION, apply: (...of) => grantExemption(policies, ...of) },
  ];
}

/** What applies changes of consent settings, and begins requests of data subjects. */
export function approvedDataChanges(
  consents: PostgresConsentRegistry,
  requests: PostgresPrivacyRequests,
): ApprovedChange[] {
  const begin: ApprovedChange['apply'] = (tx, approval, actor) =>
    requests.verifyIn(tx, approval, actor);
  return [
    {
      action: 'consent_settings',
      apply: async (tx, approval, actor) => {
        const settings = JSON.parse(approval.after) as Omit<ConsentSettings, 'version'>;
        await consents.putSettingsIn(tx, { tenant: approval.tenant, actor }, settings, {
          approval,
        });
      },
    },
    { action: 'erase_subject', apply: begin },
    { action: 'export_subject', apply: begin },
  ];
}

async function grantExemption(
  policies: PostgresPolicies,
  tx: Queryable,
  approval: Approval,
  actor: string,
): Promise<void> {
  const { tenant, target } = approval;
  const row = await currentPolicy(tx, tenant);
  const rules = row === undefined ? [] : policyFromText(row.document).rules;
  const rule = rules.find(({ id }) => id === target);
  if (row === undefined || rule === undefined || canonicalJson(rule) !== approval.before) {
    throw errors.approval_outdated();
  }
  const { exemption } = JSON.parse(approval.after) as { exemption: Exemption };
  const exempted: Rule = { ...rule, exemptions: [...rule.exemptions, exemption] };
  const policy = { rules: rules.map((of) => (of === rule ? exempted : of)) };
  const comment = `Exemption of rule ${target} by approval ${approval.id}.`;
  // What it was asked on was checked above: the rule, not the version of the whole policy.
  const checked = { ...approval, before: canonicalJson({ version: row.version }) };
  const expectedVersion = row.version;
  await policies.putIn(tx, { tenant, actor, policy, comment, expectedVersion }, checked);
}

type WireCap = Omit<CapRequest, 'limitMicros' | 'limitActions' | 'burst'> & {
  readonly limitMicros?: number;
  readonly limitActions?: number;
  readonly burst?: number;
};

function capsOf(caps: readonly WireCap[]): CapInput[] {
  const big = (value: number | undefined): bigint | undefined =>
    value === undefined ? undefined : BigInt(value);
  return completeCaps(
    caps.map(({ limitMicros, limitActions, burst, ...rest }) => ({
      ...rest,
      ...{ limitMicros: big(limitMicros), limitActions: big(limitActions), burst: big(burst) },
    })),
  );
}

/** Members of a cap that are amounts. */
function revived(key: string, value: unknown): unknown {
  return (key === 'limit' || key === 'burst') && typeof value === 'number' ? BigInt(value) : value;
}

function policyOf(value: unknown): ReturnType<typeof policyFromText> {
  return policyFromText(JSON.stringify(value));
}
