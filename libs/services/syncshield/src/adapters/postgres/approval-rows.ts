import type { Queryable, Row } from '@kiki/postgres';
import type { Approval, ApprovalRequest, ApprovalState } from '../../domain/approval.js';

interface ApprovalRow extends Row {
  tenant: string;
  approval_no: bigint;
  action: string;
  target: string;
  change_before: string;
  change_after: string;
  state: ApprovalState;
  requested_by: string;
  requested_ms: bigint;
  expires_ms: bigint;
  decided_by: string | null;
  decided_ms: bigint | null;
  decision_reason: string | null;
}

const COLUMNS = `tenant, approval_no, action, target, change_before, change_after, state, requested_by, requested_ms,
  expires_ms, decided_by, decided_ms, decision_reason`;
const MAX_NO = 2n ** 62n;

/** One approval; `lock` keeps it from being decided by another. */
export async function findApproval(
  tx: Queryable,
  tenant: string,
  id: string,
  lock: 'FOR UPDATE' | '' = '',
): Promise<Approval | undefined> {
  if (!/^\d{1,18}$/.test(id)) return undefined;
  const [row] = await tx.query<ApprovalRow>(
    `SELECT ${COLUMNS} FROM approvals WHERE tenant = $1 AND approval_no = $2 ${lock}`,
    [tenant, BigInt(id)],
  );
  return row === undefined ? undefined : toApproval(row);
}

/** The same change of the same key that waits already. */
export async function findSameApproval(
  tx: Queryable,
  { tenant, action, target, after, actor }: ApprovalRequest,
): Promise<Approval | undefined> {
  const [row] = await tx.query<ApprovalRow>(
    `SELECT ${COLUMNS} FROM approvals
      WHERE tenant = $1 AND action = $2 AND target = $3 AND md5(change_after) = md5($4)
        AND requested_by = $5 AND state = 'pending'`,
    [tenant, action, target, after, actor],
  );
  return row === undefined ? undefined : toApproval(row);
}

/** Approvals of a tenant, newest first. */
export async function approvalsBelow(
  tx: Queryable,
  tenant: string,
  state: ApprovalState | undefined,
  page: { readonly limit: number; readonly after?: string | undefined },
): Promise<Approval[]> {
  const below = page.after === undefined ? MAX_NO : BigInt(page.after);
  const rows = await tx.query<ApprovalRow>(
    `SELECT ${COLUMNS} FROM approvals
      WHERE tenant = $1 AND approval_no < $2 AND ($3::text IS NULL OR state = $3)
      ORDER BY approval_no DESC LIMIT $4`,
    [tenant, below, state ?? null, page.limit],
  );
  return rows.map(toApproval);
}

/** Those that nobody decided in time, locked. */
export async function dueApprovals(
  tx: Queryable,
  nowMs: number,
  limit: number,
): Promise<Approval[]> {
  const rows = await tx.query<ApprovalRow>(
    `SELECT ${COLUMNS} FROM approvals WHERE state = 'pending' AND expires_ms <= $1
      ORDER BY expires_ms LIMIT $2 FOR UPDATE SKIP LOCKED`,
    [nowMs, limit],
  );
  return rows.map(toApproval);
}

/** Stores a change that waits. */
export async function insertApproval(
  tx: Queryable,
  request: ApprovalRequest,
  at: { readonly nowMs: number; readonly expiresMs: number },
): Promise<Approval> {
  const { tenant, action, target, before, after, actor } = request;
  const [row] = await tx.query<ApprovalRow>(
    `INSERT INTO approvals (tenant, action, target, change_before, change_after, state, requested_by,
                            requested_ms, expires_ms)
     VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7, $8) RETURNING ${COLUMNS}`,
    [tenant, action, target, before, after, actor, at.nowMs, at.expiresMs],
  );
  return toApproval(row as ApprovalRow);
}

/** Writes what became of it, once. */
export async function closeApproval(
  tx: Queryable,
  approval: Approval,
  to: {
    readonly state: Exclude<ApprovalState, 'pending'>;
    readonly by?: string;
    readonly nowMs: number;
    readonly reason?: string;
  },
): Promise<Approval> {
  const [row] = await tx.query<ApprovalRow>(
    `UPDATE approvals SET state = $3, decided_by = $4, decided_ms = $5, decision_reason = $6
      WHERE tenant = $1 AND approval_no = $2 AND state = 'pending' RETURNING ${COLUMNS}`,
    [
      ...[approval.tenant, BigInt(approval.id), to.state],
      ...[to.by ?? null, to.nowMs, to.reason ?? null],
    ],
  );
  return toApproval(row as ApprovalRow);
}

function toApproval(row: ApprovalRow): Approval {
  return {
    ...{ tenant: row.tenant, id: row.approval_no.toString(), action: row.action },
    ...{ target: row.target, before: row.change_before, after: row.change_after },
    ...{ state: row.state, requestedBy: row.requested_by },
    ...{ requestedMs: Number(row.requested_ms), expiresMs: Number(row.expires_ms) },
    ...(row.decided_by === null ? {} : { decidedBy: row.decided_by }),
    ...(row.decided_ms === null ? {} : { decidedMs: Number(row.decided_ms) }),
    ...(row.decision_reason === null ? {} : { decisionReason: row.decision_reason }),
  };
}
