/**
 * Changes that four eyes may guard: each lets some hold pass that could not before, or lets data be used, given out or
 * destroyed.
 */
export const APPROVAL_ACTIONS = [
  'raise_limit',
  'create_budget',
  'resume_budget',
  'lift_kill_switch',
  'weaken_policy',
  'consent_settings',
  'erase_subject',
  'export_subject',
] as const;
export type ApprovalAction = (typeof APPROVAL_ACTIONS)[number];

/** Where an approval stands. `outdated`: what it would change had changed when it was approved. */
export type ApprovalState = 'pending' | 'approved' | 'rejected' | 'expired' | 'outdated';

/** A change that waits, or waited, for a second key. */
export interface Approval {
  readonly tenant: string;
  readonly id: string;
  readonly action: string;
  /** What is changed: the id of a budget, a kill switch or a request of a data subject, `policy`, `consent`. */
  readonly target: string;
  /** Canonical JSON of what it was asked on, and of what it asks for. */
  readonly before: string;
  readonly after: string;
  readonly state: ApprovalState;
  readonly requestedBy: string;
  readonly requestedMs: number;
  readonly expiresMs: number;
  readonly decidedBy?: string;
  readonly decidedMs?: number;
  readonly decisionReason?: string;
}

/** A change as it was asked for. */
export type ApprovalRequest = Pick<
  Approval,
  'tenant' | 'action' | 'target' | 'before' | 'after'
> & { readonly actor: string };
