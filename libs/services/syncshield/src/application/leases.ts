import type { Lease, LeaseEnd, LeaseRequest, LeaseState, LeaseTerms } from '../domain/lease.js';
import type { Page, PageRequest } from './ledger.js';

/** What the caps of a budget and of everything above it leave. */
export interface LeaseRoom {
  readonly currency: string;
  /** Whether a cap counts actions, which a slice of money hides. */
  readonly isCountingActions: boolean;
  readonly headroomMicros: bigint;
  /** Of the cap that has least of its limit left, in thousandths of the limit. */
  readonly leftPermille: number;
}

/** A lease by its key. */
export interface LeaseKey {
  readonly tenant: string;
  readonly id: string;
}

/** Which leases a list shows. */
export interface LeaseFilter {
  readonly budgetId?: string | undefined;
  readonly nodeId?: string | undefined;
  readonly isOpen?: boolean | undefined;
}

/**
 * Whose the slices are. Their money is in the ledger; what is written here may lag behind it and is
 * made good by the sweeper.
 */
export abstract class Leases {
  /** Leases that exist, by id. */
  abstract find(tenant: string, ids: readonly string[]): Promise<Map<string, LeaseState>>;
  /** What the budget leaves now; promises nothing. @throws budget_not_found */
  abstract room(tenant: string, budgetId: string): Promise<LeaseRoom>;
  /**
   * Registers a lease unless a later start of its node is known, whose epoch is returned then. A
   * lease that exists is returned as it is.
   */
  abstract open(
    request: LeaseRequest,
    terms: LeaseTerms,
    currency: string,
  ): Promise<{ readonly lease?: Lease; readonly epoch: number }>;
  /** Says what will be booked as spent although nobody reported it, before it is. */
  abstract presume(
    presumptions: readonly (LeaseKey & { readonly micros: bigint })[],
  ): Promise<void>;
  /** Marks leases whose hold is over; the first end stays. */
  abstract end(keys: readonly LeaseKey[], as: LeaseEnd): Promise<void>;
  /** Open leases that the sweeper has to look at, the most overdue first, and the store's time. */
  abstract due(limit: number): Promise<{ nowMs: number; states: readonly LeaseState[] }>;
  /** The sweeper looks again then. */
  abstract postpone(key: LeaseKey, untilMs: number): Promise<void>;
  /** In order of asking. */
  abstract list(tenant: string, filter: LeaseFilter, page: PageRequest): Promise<Page<LeaseState>>;
  /** @throws lease_not_found */
  abstract get(tenant: string, id: string): Promise<LeaseState>;
  /**
   * Ends a lease at its node's next report and refuses its epoch further slices; an audit record.
   * @throws lease_not_found
   */
  abstract revoke(tenant: string, id: string, actor: string): Promise<LeaseState>;
}
