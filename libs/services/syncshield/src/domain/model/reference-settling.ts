import type { SettlementOutcome, SettlementRequest } from '../settlement.js';
import { heldBy, type Fact } from './reference-facts.js';

/** Changes a hold as a settlement of that amount does, and says what became of it. */
export function settleFact(
  fact: Fact,
  { action, isFinal = true }: SettlementRequest,
  amount: bigint,
): {
  outcome: SettlementOutcome;
  capturedMicros: bigint;
  lateMicros: bigint;
  refundedMicros: bigint;
} {
  const nothing = { capturedMicros: 0n, lateMicros: 0n, refundedMicros: 0n };
  const isHeld = fact.state === 'held';
  if (action === 'void') {
    if (isHeld) fact.state = 'voided';
    return { ...nothing, outcome: isHeld ? 'voided' : 'already_settled' };
  }
  if (action === 'refund') {
    fact.refundedMicros += amount;
    const outcome = amount > 0n ? 'refunded' : 'already_settled';
    return { ...nothing, refundedMicros: amount, outcome };
  }
  const rest = heldBy(fact);
  const capturedMicros = amount < rest ? amount : rest;
  const lateMicros = amount - capturedMicros;
  fact.capturedMicros += capturedMicros;
  fact.lateMicros += lateMicros;
  if (isHeld && (isFinal || heldBy(fact) === 0n)) fact.state = 'captured';
  const outcome = lateMicros > 0n ? 'late_spend' : isHeld ? 'captured' : 'already_settled';
  return { ...nothing, capturedMicros, lateMicros, outcome };
}
