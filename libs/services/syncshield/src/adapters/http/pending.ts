import type { z } from 'zod';
import type { Changed } from '../../application/approvals.js';
import type { Approval } from '../../domain/approval.js';
import type { ApprovalAnswer } from './approvals.schema.js';

/** The part of a reply that a handler sets itself. */
export interface Reply {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

/** An approval on the wire. */
export function approvalAnswer(approval: Approval): z.infer<typeof ApprovalAnswer> {
  const { decidedMs } = approval;
  return {
    ...{ approvalId: approval.id, action: approval.action, target: approval.target },
    state: approval.state,
    before: JSON.parse(approval.before) as unknown,
    after: JSON.parse(approval.after) as unknown,
    requestedBy: approval.requestedBy,
    requestedAt: new Date(approval.requestedMs).toISOString(),
    expiresAt: new Date(approval.expiresMs).toISOString(),
    decidedBy: approval.decidedBy ?? null,
    decidedAt: decidedMs === undefined ? null : new Date(decidedMs).toISOString(),
    decisionReason: approval.decisionReason ?? null,
  };
}

/** What was changed, or 202 with the approval that waits. */
export function changedAnswer<T, W>(
  changed: Changed<T>,
  reply: Reply,
  answer: (value: T) => W,
): W | z.infer<typeof ApprovalAnswer> {
  if (changed.kind === 'done') return answer(changed.value);
  reply.status(202);
  return approvalAnswer(changed.approval);
}
