import { canonicalJson } from '@kiki/kernel';
import type { Queryable } from '@kiki/postgres';
import type { Page, PageRequest } from '../../application/ledger.js';
import { Policies, type PolicyChange, type PolicyVersion } from '../../application/policies.js';
import type { Approval } from '../../domain/approval.js';
import { controlChanged } from '../../domain/control-record.js';
import { policyFromText, policyToText, type Policy } from '../../domain/policy/rule.js';
import { weakenedRules } from '../../domain/policy/strictness.js';
import { errors } from '../../errors.js';
import { appendAudit } from './audit-rows.js';
import { guardChange } from './change-guard.js';
import type { ControlChanges } from './control-change.js';
import { bumpControls } from './controls.js';
import {
  currentPolicy,
  insertPolicy,
  missingBudgets,
  policiesBelow,
  toPolicyVersion,
  type PolicyRow,
} from './policy-rows.js';

/** Target of changes of a tenant's policy. */
export const POLICY = 'policy';
const EMPTY: Policy = { rules: [] };

/** Versions of policies in PostgreSQL. */
export class PostgresPolicies extends Policies {
  constructor(private readonly changes: ControlChanges) {
    super();
  }

  override put(change: PolicyChange): Promise<PolicyVersion> {
    return this.changes.run((tx) => this.putIn(tx, change));
  }

  override async current(tenant: string): Promise<PolicyVersion> {
    const row = await currentPolicy(this.changes.database, tenant);
    if (row === undefined) throw errors.policy_not_found();
    return toPolicyVersion(row);
  }

  override async version(tenant: string, version: number): Promise<PolicyVersion> {
    const [row] = await policiesBelow(this.changes.database, tenant, version + 1, 1);
    if (row?.version !== version) throw errors.policy_not_found(`There is no version ${version}.`);
    return toPolicyVersion(row);
  }

  override async versions(tenant: string, page: PageRequest): Promise<Page<PolicyVersion>> {
    const below = page.after === undefined ? 2 ** 31 - 1 : Number(page.after);
    const rows = await policiesBelow(this.changes.database, tenant, below, page.limit + 1);
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1);
    const hasMore = rows.length > page.limit && last !== undefined;
    return {
      items: shown.map(toPolicyVersion),
      ...(hasMore ? { next: String(last.version) } : {}),
    };
  }

  /**
   * Puts a policy into force within a transaction that may do more, e.g. approve it.
   * @param approval it comes in by; one of another action checks itself what it was asked on
   */
  async putIn(tx: Queryable, change: PolicyChange, approval?: Approval): Promise<PolicyVersion> {
    const { tenant, actor, policy } = change;
    const nowMs = await this.changes.alone(tx, tenant);
    const row = await currentPolicy(tx, tenant);
    const document = policyToText(policy);
    if (row?.document === document) return toPolicyVersion(row);
    expectVersion(change, row);
    await this.checkScopes(tx, tenant, policy);
    const before = row === undefined ? EMPTY : policyFromText(row.document);
    const weakened = weakenedRules(before, policy);
    const guarded = {
      ...{ action: 'weaken_policy' as const, target: POLICY },
      ...{ before: { version: row?.version ?? 0 }, after: { policy, comment: change.comment } },
      effect: `Rules would be gone or let more pass: ${weakened.join(', ')}.`,
    };
    guardChange(this.changes.fourEyes, { ...guarded, isLoosening: weakened.length > 0 }, approval);
    const next: PolicyRow = {
      ...{ version: (row?.version ?? 0) + 1, document, comment: change.comment ?? null },
      ...{ created_by: actor, created_ms: BigInt(nowMs), approval_id: approval?.id ?? null },
    };
    await insertPolicy(tx, tenant, next);
    await bumpControls(tx, tenant, next.version);
    const facts = {
      policyVersion: next.version,
      ...{ before: changedRules(before, policy), after: changedRules(policy, before) },
      ...{ weakenedRules: weakened, approvalId: approval?.id },
    };
    await appendAudit(tx, [
      controlChanged({ tenant, actor, atMs: nowMs }, 'policy.replaced', facts),
    ]);
    return toPolicyVersion(next);
  }

  private async checkScopes(tx: Queryable, tenant: string, { rules }: Policy): Promise<void> {
    const ids = rules.flatMap(({ scope, exemptions }) =>
      [scope, ...exemptions].flatMap(({ budgetId }) => (budgetId === undefined ? [] : [budgetId])),
    );
    const missing = new Set(await missingBudgets(tx, tenant, [...new Set(ids)]));
    const fields = rules.flatMap(({ scope, exemptions }, index) =>
      [scope, ...exemptions]
        .filter(({ budgetId }) => budgetId !== undefined && missing.has(budgetId))
        .map(() => ({ field: `policy.rules[${index}].scope.budgetId`, expected: 'a budget' })),
    );
    if (fields.length > 0) throw errors.policy_invalid('A budget does not exist.', { fields });
  }
}

function expectVersion({ expectedVersion }: PolicyChange, row: PolicyRow | undefined): void {
  const version = row?.version ?? 0;
  if (expectedVersion === undefined || expectedVersion === version) return;
  throw errors.policy_version_conflict(
    `Version ${version} is in force, not version ${expectedVersion}.`,
    { fields: [{ field: 'expectedVersion', expected: String(version) }] },
  );
}

/** The rules of a policy that the other one does not have just so. */
function changedRules(policy: Policy, other: Policy): Policy['rules'] {
  const same = new Set(other.rules.map((rule) => canonicalJson(rule)));
  return policy.rules.filter((rule) => !same.has(canonicalJson(rule)));
}
