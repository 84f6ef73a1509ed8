import { DomainError } from '@kiki/kernel';
import type { Queryable } from '@kiki/postgres';
import type { Approval, ApprovalRequest, ApprovalState } from '../domain/approval.js';
import type { Page, PageRequest } from './ledger.js';

/** Applies an approved change inside the transaction that approves it. */
export interface ApprovedChange {
  readonly action: string;
  /**
   * Applies the change, its audit leaf included.
   * @throws approval_outdated when what it was asked on has changed
   */
  apply(tx: Queryable, approval: Approval, actor: string): Promise<void>;
}

/** Changes that wait for a second key; every step is an audit leaf with before and after. */
export abstract class Approvals {
  /** Keeps a change until another key decides; the same one of the same key again is the one that waits. */
  abstract request(request: ApprovalRequest): Promise<Approval>;
  /** @throws approval_not_found */
  abstract get(tenant: string, id: string): Promise<Approval>;
  /** Newest first. */
  abstract list(
    tenant: string,
    filter: { readonly state?: ApprovalState | undefined },
    page: PageRequest,
  ): Promise<Page<Approval>>;
  /**
   * Applies the change exactly once; approved again by the same key it is answered as it is.
   * @throws approval_not_found, approval_by_requester, approval_closed, approval_outdated
   */
  abstract approve(tenant: string, id: string, actor: string, reason?: string): Promise<Approval>;
  /** @throws approval_not_found, approval_closed */
  abstract reject(tenant: string, id: string, actor: string, reason?: string): Promise<Approval>;
  /** Closes what nobody decided in time; how many that were. */
  abstract expireDue(): Promise<number>;
}

/** A change that was made, or waits for a second key. */
export type Changed<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'pending'; readonly approval: Approval };

/** Makes a change, or keeps it for a second key where four eyes guard it. */
export class GuardedChange {
  constructor(private readonly approvals: Approvals) {}

  /** @param change fails with `approval_required` and the change in its details when it is guarded */
  async execute<T>(
    who: { readonly tenant: string; readonly actor: string },
    change: () => Promise<T>,
  ): Promise<Changed<T>> {
    try {
      return { kind: 'done', value: await change() };
    } catch (error) {
      const guarded = guardedIn(error);
      if (guarded === undefined) throw error;
      return { kind: 'pending', approval: await this.approvals.request({ ...who, ...guarded }) };
    }
  }
}

/** What `approval_required` carries. */
export interface GuardedDetails {
  readonly action: string;
  readonly target: string;
  readonly before: string;
  readonly after: string;
}

function guardedIn(error: unknown): GuardedDetails | undefined {
  if (!DomainError.is(error) || error.code !== 'approval_required') return undefined;
  return error.details['change'] as GuardedDetails | undefined;
}
