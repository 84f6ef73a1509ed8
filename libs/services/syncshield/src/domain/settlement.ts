import { keyOf, type Hold, type HoldState } from './hold.js';

/** What a caller wants to do with a hold. */
export type SettlementAction = 'capture' | 'void' | 'refund';

/** What became of it. `late_spend`: recorded although the hold did not (fully) cover it. */
export type SettlementOutcome =
  'captured' | 'voided' | 'late_spend' | 'refunded' | 'already_settled';

/** A capture, a void or a refund; (hold, settlement id) is the idempotency key. */
export interface SettlementRequest {
  readonly tenant: string;
  readonly holdId: string;
  readonly settlementId: string;
  readonly action: SettlementAction;
  /**
   * What was really spent, or came back; undefined captures what is not captured yet, and refunds
   * what was spent. Void has none.
   */
  readonly amountMicros?: bigint;
  /** Of a capture: whether the rest of the hold is free then. @default true */
  readonly isFinal?: boolean;
}

/** A settled request with the hold as it stood right after. */
export interface Settlement {
  readonly tenant: string;
  readonly holdId: string;
  readonly settlementId: string;
  readonly action: SettlementAction;
  readonly amountMicros: bigint;
  readonly isFinal: boolean;
  readonly outcome: SettlementOutcome;
  readonly capturedMicros: bigint;
  readonly lateMicros: bigint;
  readonly refundedMicros: bigint;
  readonly stateAfter: HoldState;
  readonly capturedAfterMicros: bigint;
  readonly lateAfterMicros: bigint;
  readonly refundedAfterMicros: bigint;
  readonly settledMs: number;
}

/** What a settlement answers: itself and the hold as it stood right after. */
export interface SettlementResult {
  readonly settlement: Settlement;
  readonly hold: Hold;
}

/** What a hold has come to, in amounts. */
export type HoldAmounts = Pick<
  Hold,
  'amountMicros' | 'capturedMicros' | 'lateMicros' | 'refundedMicros'
>;

/**
 * The amount a request stands for, asked of a hold as it stood before: a capture without one takes
 * what is not spent of the hold yet, a refund everything that is spent.
 */
export function settledAmount(request: SettlementRequest, before: HoldAmounts): bigint {
  const { action, amountMicros } = request;
  if (action === 'void') return 0n;
  if (amountMicros !== undefined) return amountMicros;
  const spent = before.capturedMicros + before.lateMicros;
  if (action === 'refund') return spent - before.refundedMicros;
  return before.amountMicros > spent ? before.amountMicros - spent : 0n;
}

/** Key of a settlement in a map. */
export function settlementKey(of: {
  readonly tenant: string;
  readonly holdId: string;
  readonly settlementId: string;
}): string {
  return keyOf(of.tenant, of.holdId, of.settlementId);
}

/** Whether a request repeats the one that made the settlement. */
export function isSameSettlement(
  known: Settlement,
  request: SettlementRequest,
  { amountMicros }: Hold,
): boolean {
  const before = {
    amountMicros,
    capturedMicros: known.capturedAfterMicros - known.capturedMicros,
    lateMicros: known.lateAfterMicros - known.lateMicros,
    refundedMicros: known.refundedAfterMicros - known.refundedMicros,
  };
  return (
    known.action === request.action &&
    known.amountMicros === settledAmount(request, before) &&
    known.isFinal === (request.isFinal ?? true)
  );
}

/** What a repeated settlement answers: the hold as it stood right after the first one. */
export function replayOf(settlement: Settlement, hold: Hold): SettlementResult {
  return {
    settlement,
    hold: {
      ...hold,
      state: settlement.stateAfter,
      capturedMicros: settlement.capturedAfterMicros,
      lateMicros: settlement.lateAfterMicros,
      refundedMicros: settlement.refundedAfterMicros,
    },
  };
}
