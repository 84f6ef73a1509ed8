import type { Policy } from '../domain/policy/rule.js';
import type { Page, PageRequest } from './ledger.js';

/** A policy that is or was in force. */
export interface PolicyVersion {
  readonly version: number;
  readonly policy: Policy;
  readonly comment?: string;
  readonly createdBy: string;
  readonly createdMs: number;
  /** The approval it came in by. */
  readonly approvalId?: string;
}

/** A policy as it is put into force. */
export interface PolicyChange {
  readonly tenant: string;
  readonly actor: string;
  readonly policy: Policy;
  /** The version it was made on, 0 for none; undefined takes whatever is in force. */
  readonly expectedVersion?: number;
  readonly comment?: string;
}

/** The versions of a tenant's policy; every change is an audit leaf with before and after. */
export abstract class Policies {
  /**
   * Puts a policy into force: once this resolves no hold is decided by the one before. The same policy again is the
   * version that is in force.
   * @throws policy_version_conflict, budget_not_found, approval_required, control_busy
   */
  abstract put(change: PolicyChange): Promise<PolicyVersion>;
  /** The one in force. @throws policy_not_found */
  abstract current(tenant: string): Promise<PolicyVersion>;
  /** @throws policy_not_found */
  abstract version(tenant: string, version: number): Promise<PolicyVersion>;
  /** Newest first. */
  abstract versions(tenant: string, page: PageRequest): Promise<Page<PolicyVersion>>;
}

/** A kill switch: while it is on, no hold of its scope is approved. */
export interface KillSwitch {
  readonly id: string;
  /** Undefined stops the whole tenant. */
  readonly budgetId?: string;
  readonly reason: string;
  readonly setBy: string;
  readonly setMs: number;
  readonly liftReason?: string;
  readonly liftedBy?: string;
  readonly liftedMs?: number;
}

/** Stops a tenant, or a budget and everything below it, at once. */
export abstract class KillSwitches {
  /**
   * Once this resolves no hold of the scope is approved by any process. One that is on already is answered as it is.
   * @throws budget_not_found, control_busy
   */
  abstract set(change: {
    readonly tenant: string;
    readonly actor: string;
    readonly budgetId?: string;
    readonly reason: string;
  }): Promise<KillSwitch>;
  /** Lifted again it is answered as it is. @throws kill_switch_not_found, approval_required, control_busy */
  abstract lift(change: {
    readonly tenant: string;
    readonly actor: string;
    readonly id: string;
    readonly reason: string;
  }): Promise<KillSwitch>;
  /** Newest first. */
  abstract list(
    tenant: string,
    filter: { readonly isActive?: boolean | undefined },
    page: PageRequest,
  ): Promise<Page<KillSwitch>>;
}
