import type { Queryable, Row } from '@kiki/postgres';
import type { PolicyVersion } from '../../application/policies.js';
import { policyFromText } from '../../domain/policy/rule.js';

/** A policy as it is stored. */
export interface PolicyRow extends Row {
  version: number;
  document: string;
  comment: string | null;
  created_by: string;
  created_ms: bigint;
  approval_id: string | null;
}

const COLUMNS = 'p.version, p.document, p.comment, p.created_by, p.created_ms, p.approval_id';

/** The policy in force. */
export async function currentPolicy(tx: Queryable, tenant: string): Promise<PolicyRow | undefined> {
  const [row] = await tx.query<PolicyRow>(
    `SELECT ${COLUMNS} FROM tenant_controls c
       JOIN policies p ON p.tenant = c.tenant AND p.version = c.policy_version
      WHERE c.tenant = $1`,
    [tenant],
  );
  return row;
}

/** Policies of a tenant from a version downwards. */
export function policiesBelow(
  tx: Queryable,
  tenant: string,
  below: number,
  limit: number,
): Promise<PolicyRow[]> {
  return tx.query<PolicyRow>(
    `SELECT ${COLUMNS} FROM policies p WHERE p.tenant = $1 AND p.version < $2
      ORDER BY p.version DESC LIMIT $3`,
    [tenant, below, limit],
  );
}

/** Stores the next version. */
export async function insertPolicy(
  tx: Queryable,
  tenant: string,
  row: Omit<PolicyRow, keyof Row> & PolicyRow,
): Promise<void> {
  await tx.execute(
    `INSERT INTO policies (tenant, version, document, comment, created_by, created_ms, approval_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      ...[tenant, row.version, row.document, row.comment],
      ...[row.created_by, row.created_ms, row.approval_id],
    ],
  );
}

/** Budgets of the list that the tenant does not have. */
export async function missingBudgets(
  tx: Queryable,
  tenant: string,
  ids: readonly string[],
): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await tx.query<{ id: string }>(
    'SELECT id FROM budgets WHERE tenant = $1 AND id = ANY($2::text[])',
    [tenant, ids],
  );
  const known = new Set(rows.map(({ id }) => id));
  return ids.filter((id) => !known.has(id));
}

/** A stored policy. */
export function toPolicyVersion(row: PolicyRow): PolicyVersion {
  return {
    version: row.version,
    policy: policyFromText(row.document),
    ...(row.comment === null ? {} : { comment: row.comment }),
    createdBy: row.created_by,
    createdMs: Number(row.created_ms),
    ...(row.approval_id === null ? {} : { approvalId: row.approval_id }),
  };
}
