import type { DomainError, Result } from '@kiki/kernel';

/** A request for a slice of a budget; its id is the idempotency key. */
export interface LeaseAsk {
  readonly id: string;
  readonly nodeId: string;
  readonly budgetId: string;
  /** Grows with every start of the node: the service refuses slices to an older one. */
  readonly epoch: number;
  readonly askMicros: bigint;
  /** A smaller slice is of no use. */
  readonly atLeastMicros: bigint;
}

/** A slice of a budget that one node may spend without asking again. */
export interface LeaseGrant {
  readonly id: string;
  readonly grantedMicros: bigint;
  /**
   * The node may be at most this far ahead of what the service has acknowledged: what the ledger
   * books should the node never be heard of again.
   */
  readonly unreportedMicros: bigint;
  /** How long it may be spent, from before the request was sent, milliseconds. */
  readonly ttlMs: number;
}

/**
 * Why there is no slice. `use_holds`: the budget is nearly used up, or has caps that count actions;
 * ask for each spend with a hold. `epoch_stale`: a later start of the same node has taken over.
 */
export type LeaseRefusal =
  'use_holds' | 'epoch_stale' | 'cap_exceeded' | 'budget_paused' | 'policy_denied' | 'kill_switch';

/** The answer to an ask. */
export type LeaseDecision =
  | { readonly isGranted: true; readonly grant: LeaseGrant }
  | {
      readonly isGranted: false;
      readonly reason: LeaseRefusal;
      /** The epoch that the service knows of the node. */
      readonly epoch: number;
    };

/** What a node has spent of a slice so far, in all. */
export interface LeaseReport {
  readonly leaseId: string;
  readonly spentMicros: bigint;
  /** Nothing more will be spent: the rest is free. */
  readonly isFinal: boolean;
}

/** What the service made of a report. */
export interface LeaseReceipt {
  readonly leaseId: string;
  /** False: stop spending and send a final report. */
  readonly isOpen: boolean;
  readonly bookedMicros: bigint;
}

/** The three questions a lease client asks; everything may be repeated with the same ids. */
export abstract class LeaseTransport {
  /** @throws budget_not_found, idempotency_conflict, unavailable, deadline_exceeded, … */
  abstract acquire(ask: LeaseAsk): Promise<LeaseDecision>;
  /** Receipts in the order of the reports, at most MAX_BATCH of them. */
  abstract report(
    reports: readonly LeaseReport[],
  ): Promise<readonly Result<LeaseReceipt, DomainError>[]>;
}

/**
 * What came of a local spend. Everything but `spent` moved no money. `waiting`: no slice has room
 * now, one is being asked for; `use_holds`: place a hold for this spend; `denied`: the budget is
 * used up, paused or forbidden; `superseded`: a later start of this node has taken over;
 * `too_many_budgets`: more are in use than the client keeps; `closed`: the client is closed.
 */
export type SpendAnswer =
  'spent' | 'waiting' | 'use_holds' | 'denied' | 'superseded' | 'too_many_budgets' | 'closed';
