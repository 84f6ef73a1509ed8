import type { DomainError } from '@kiki/kernel';
import { errors } from '../errors.js';
import { heldMicros, spentMicros, type Hold, type HoldRequest } from './hold.js';
import type { SettlementRequest } from './settlement.js';

/**
 * How long a hold outlives its lease: only the sweeper of leases ends one, for it alone knows what
 * a silent node may have spent. A ledger without a sweeper for so long gives the money back.
 */
const BACKSTOP_MS = 7 * 86_400_000;

/** What a lease came to. `lost`: its hold was never decided. */
export type LeaseEnd = 'released' | 'expired' | 'denied' | 'lost';

/** The terms of a lease, fixed when it is asked for. */
export interface LeaseTerms {
  readonly headroomDivisor: number;
  /** The part of a slice that its node may have spent without having reported it. */
  readonly unreportedPercent: number;
  readonly ttlMs: number;
  /** How much longer the node's reports are waited for. */
  readonly graceMs: number;
}

/** What a node asks for; the id is the idempotency key and the id of the hold. */
export interface LeaseRequest {
  readonly tenant: string;
  readonly id: string;
  readonly budgetId: string;
  readonly nodeId: string;
  readonly epoch: number;
  readonly askedMicros: bigint;
  readonly atLeastMicros: bigint;
}

/** A slice of a budget for one node. */
export interface Lease extends LeaseRequest, LeaseTerms {
  readonly sliceNo: number;
  readonly currency: string;
  readonly askedMs: number;
  readonly revokedMs?: number;
  readonly presumedMicros: bigint;
  readonly closedAs?: LeaseEnd;
}

/** A lease with its money; without a hold while it is being decided. */
export interface LeaseState {
  readonly lease: Lease;
  readonly hold?: Hold;
}

/** The hold that a lease is. */
export function holdOf(lease: Lease): HoldRequest {
  const { tenant, id, budgetId, currency, atLeastMicros, headroomDivisor, ttlMs, graceMs } = lease;
  return {
    ...{ tenant, id, budgetId, currency, amountMicros: lease.askedMicros },
    expiresInMs: ttlMs,
    graceMs: graceMs + BACKSTOP_MS,
    purpose: 'lease',
    elastic: { atLeastMicros, headroomDivisor },
  };
}

/** Whether a request repeats the one that made the lease. */
export function isSameLease(lease: Lease, request: LeaseRequest): boolean {
  return (
    lease.budgetId === request.budgetId &&
    lease.nodeId === request.nodeId &&
    lease.epoch === request.epoch &&
    lease.askedMicros === request.askedMicros &&
    lease.atLeastMicros === request.atLeastMicros
  );
}

/** How far a node may be ahead of what is acknowledged, micros. */
export function unreportedMicros({ unreportedPercent }: LeaseTerms, grantedMicros: bigint): bigint {
  const part = (grantedMicros * BigInt(unreportedPercent)) / 100n;
  return part > 0n ? part : 1n;
}

/** When a lease of a silent node is closed, ms since the epoch. */
export function closesMs({ ttlMs, graceMs }: LeaseTerms, decidedMs: number): number {
  return decidedMs + ttlMs + graceMs;
}

/** Whether the node may go on spending it; its own clock ends it too. */
export function isOpen({ lease, hold }: LeaseState): boolean {
  return hold?.state === 'held' && lease.revokedMs === undefined && lease.closedAs === undefined;
}

/**
 * What has to be settled so that `totalMicros` are booked; undefined when nothing has. The id names
 * the state it was computed from: of two that were computed from the same one only one is decided,
 * the other is a conflict and looks again.
 */
export function settlementOf(
  { lease, hold }: Required<LeaseState>,
  totalMicros: bigint,
  isFinal: boolean,
): SettlementRequest | undefined {
  const of = { tenant: lease.tenant, holdId: lease.id, settlementId: settlementIdOf(hold) };
  const moreMicros = totalMicros - spentMicros(hold);
  if (moreMicros > 0n) return { ...of, action: 'capture', amountMicros: moreMicros, isFinal };
  if (!isFinal) return undefined;
  if (hold.state === 'held') return { ...of, action: 'void' };
  const correctable = lease.presumedMicros - hold.refundedMicros;
  const refunded = -moreMicros < correctable ? -moreMicros : correctable;
  if (lease.closedAs !== 'expired' || refunded <= 0n) return undefined;
  return { ...of, action: 'refund', amountMicros: refunded };
}

/** What is booked of a lease whose node is silent: as much as it may have spent. */
export function presumptionOf({ lease, hold }: Required<LeaseState>): bigint {
  const rest = heldMicros(hold);
  const most = unreportedMicros(lease, hold.amountMicros);
  return rest < most ? rest : most;
}

/** Also by the state: giving the rest back moves no amount. */
function settlementIdOf({ capturedMicros, lateMicros, refundedMicros, state }: Hold): string {
  return `lease:${capturedMicros + lateMicros}:${refundedMicros}:${state}`;
}

/** There is no such lease. */
export function unknownLease(leaseId: string): DomainError {
  return errors.lease_not_found(`There is no lease "${leaseId}".`, {
    fields: [{ field: 'leaseId', expected: 'the id of an existing lease of this tenant' }],
  });
}
