import { microsToWire } from '@kiki/kernel';
import type { z } from 'zod';
import type { LeaseAnswer as Decision } from '../../application/acquire-lease.js';
import type { LeaseReceipt } from '../../application/report-leases.js';
import { expiresMs, heldMicros, spentMicros } from '../../domain/hold.js';
import { closesMs, type LeaseState } from '../../domain/lease.js';
import { denialAnswer } from './answers.js';
import type { LeaseAnswer, LeaseDecisionAnswer, LeaseReceiptAnswer } from './leases.schema.js';

/** The answer to an ask on the wire. */
export function decisionAnswer(
  id: string,
  decision: Decision,
): z.infer<typeof LeaseDecisionAnswer> {
  if (!decision.isGranted) {
    const { reason, epoch, denial } = decision;
    const nothing = { grantedMicros: 0, unreportedMicros: 0, ttlMs: 0, graceMs: 0 };
    const why = denial === undefined ? null : denialAnswer(denial);
    return { id, decision: 'refused', reason, ...nothing, epoch, denial: why };
  }
  const { lease, grantedMicros, unreportedMicros } = decision;
  return {
    ...{ id, decision: 'granted', reason: 'within_limits' },
    grantedMicros: microsToWire(grantedMicros),
    unreportedMicros: microsToWire(unreportedMicros),
    ...{ ttlMs: lease.ttlMs, graceMs: lease.graceMs, epoch: lease.epoch, denial: null },
  };
}

/** A receipt on the wire. */
export function receiptAnswer(receipt: LeaseReceipt): z.infer<typeof LeaseReceiptAnswer> {
  const { leaseId, isOpen, bookedMicros, lateMicros } = receipt;
  return {
    ...{ leaseId, isOpen },
    bookedMicros: microsToWire(bookedMicros),
    lateMicros: microsToWire(lateMicros),
  };
}

/** A lease on the wire. */
export function leaseAnswer(state: LeaseState): z.infer<typeof LeaseAnswer> {
  const { lease, hold } = state;
  const { id, budgetId, nodeId, epoch, sliceNo, currency } = lease;
  const at = (ms: number | undefined): string | null =>
    ms === undefined ? null : new Date(ms).toISOString();
  const granted = hold?.isApproved === true ? hold : undefined;
  return {
    ...{ id, budgetId, nodeId, epoch, sliceNo, currency, state: stateOf(state) },
    askedMicros: microsToWire(lease.askedMicros),
    grantedMicros: microsToWire(granted?.amountMicros ?? 0n),
    bookedMicros: microsToWire(hold === undefined ? 0n : spentMicros(hold)),
    presumedMicros: microsToWire(lease.presumedMicros),
    heldMicros: microsToWire(hold === undefined ? 0n : heldMicros(hold)),
    askedAt: new Date(lease.askedMs).toISOString(),
    expiresAt: at(granted && expiresMs(granted)),
    closesAt: at(granted && closesMs(lease, granted.decidedMs)),
  };
}

function stateOf({ lease, hold }: LeaseState): z.infer<typeof LeaseAnswer>['state'] {
  if (lease.closedAs !== undefined) return lease.closedAs;
  if (hold === undefined) return 'deciding';
  if (hold.state === 'denied') return 'denied';
  if (hold.state !== 'held') return lease.presumedMicros > 0n ? 'expired' : 'released';
  return lease.revokedMs === undefined ? 'open' : 'revoked';
}
