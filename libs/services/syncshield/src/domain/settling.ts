import { ok, refuse, type DomainError, type Result } from '@kiki/kernel';
import { errors } from '../errors.js';
import { heldMicros, spentMicros, type Hold } from './hold.js';
import {
  settledAmount,
  type Settlement,
  type SettlementRequest,
  type SettlementResult,
} from './settlement.js';

type Effect = Pick<
  Settlement,
  'amountMicros' | 'outcome' | 'capturedMicros' | 'lateMicros' | 'refundedMicros' | 'stateAfter'
>;

const NOTHING = { capturedMicros: 0n, lateMicros: 0n, refundedMicros: 0n };

/**
 * What a settlement does to a hold as it stands: real spend is recorded whatever state it is in.
 * @throws refund_too_large as a refusal
 */
export function settle(
  request: SettlementRequest,
  hold: Hold,
  settledMs: number,
): Result<SettlementResult, DomainError> {
  const { action } = request;
  if (action === 'refund' && settledAmount(request, hold) > spentMicros(hold)) {
    return refuse(refundTooLarge(hold));
  }
  const effect =
    action === 'capture'
      ? captured(request, hold)
      : action === 'void'
        ? voided(hold)
        : refunded(request, hold);
  const after: Hold = {
    ...hold,
    state: effect.stateAfter,
    capturedMicros: hold.capturedMicros + effect.capturedMicros,
    lateMicros: hold.lateMicros + effect.lateMicros,
    refundedMicros: hold.refundedMicros + effect.refundedMicros,
  };
  const settlement: Settlement = {
    tenant: request.tenant,
    holdId: request.holdId,
    settlementId: request.settlementId,
    action,
    isFinal: request.isFinal ?? true,
    ...effect,
    capturedAfterMicros: after.capturedMicros,
    lateAfterMicros: after.lateMicros,
    refundedAfterMicros: after.refundedMicros,
    settledMs,
  };
  return ok({ settlement, hold: after });
}

/** Takes what the hold still keeps; what is more is late spend and ends the hold. */
function captured(request: SettlementRequest, hold: Hold): Effect {
  const amountMicros = settledAmount(request, hold);
  const rest = heldMicros(hold);
  const capturedMicros = amountMicros < rest ? amountMicros : rest;
  const lateMicros = amountMicros - capturedMicros;
  const isHeld = hold.state === 'held';
  const isOver = request.isFinal !== false || capturedMicros === rest;
  return {
    ...NOTHING,
    amountMicros,
    capturedMicros,
    lateMicros,
    outcome: lateMicros > 0n ? 'late_spend' : isHeld ? 'captured' : 'already_settled',
    stateAfter: isHeld && isOver ? 'captured' : hold.state,
  };
}

/** Frees what the hold still keeps; what was captured of it stays spent. */
function voided(hold: Hold): Effect {
  const isHeld = hold.state === 'held';
  const stateAfter = isHeld ? 'voided' : hold.state;
  return {
    ...NOTHING,
    amountMicros: 0n,
    outcome: isHeld ? 'voided' : 'already_settled',
    stateAfter,
  };
}

function refunded(request: SettlementRequest, hold: Hold): Effect {
  const refundedMicros = settledAmount(request, hold);
  const outcome = refundedMicros > 0n ? 'refunded' : 'already_settled';
  const amountMicros = refundedMicros;
  return { ...NOTHING, amountMicros, refundedMicros, outcome, stateAfter: hold.state };
}

function refundTooLarge(hold: Hold): DomainError {
  const expected = `at most ${spentMicros(hold)}, what hold "${hold.id}" has spent`;
  return errors.refund_too_large(undefined, { fields: [{ field: 'amountMicros', expected }] });
}
