import type { AuditRecord } from './audit-record.js';

/** What administration of policies, kill switches and approvals is recorded as. */
export type ControlAction =
  | 'policy.replaced'
  | 'kill_switch.set'
  | 'kill_switch.lifted'
  | 'approval.requested'
  | 'approval.approved'
  | 'approval.rejected'
  | 'approval.expired'
  | 'approval.outdated'
  | 'acquisitions.recorded';

/** Who changes what is in force, and when. */
export interface ControlChange {
  readonly tenant: string;
  readonly actor: string;
  readonly atMs: number;
}

/** One such change as an audit leaf; `facts` carry before and after. */
export function controlChanged(
  { tenant, actor, atMs }: ControlChange,
  action: ControlAction,
  facts: Readonly<Record<string, unknown>>,
): AuditRecord {
  return { tenant, actor, atMs, action, facts };
}
