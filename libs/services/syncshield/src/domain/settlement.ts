import { keyOf, type Hold, type HoldState } from './hold.js';

/** What a caller wants to do with a hold. */
export type SettlementAction = 'capture' | 'void';

/** What became of it. `late_spend`: recorded although the hold did not (fully) cover it. */
export type SettlementOutcome = 'captured' | 'voided' | 'late_spend' | 'already_settled';

/** A capture or a void; (hold, settlement id) is the idempotency key. */
export interface SettlementRequest {
  readonly tenant: string;
  readonly holdId: string;
  readonly settlementId: string;
  readonly action: SettlementAction;
  /** What was really spent; undefined captures the whole hold. Void has none. */
  readonly amountMicros?: bigint;
}

/** A settled request with the hold as it stood right after. */
export interface Settlement {
  readonly tenant: string;
  readonly holdId: string;
  readonly settlementId: string;
  readonly action: SettlementAction;
  readonly amountMicros: bigint;
  readonly outcome: SettlementOutcome;
  readonly capturedMicros: bigint;
  readonly lateMicros: bigint;
  readonly stateAfter: HoldState;
  readonly capturedAfterMicros: bigint;
  readonly lateAfterMicros: bigint;
  readonly settledMs: number;
}

/** What a settlement answers: itself and the hold as it stood right after. */
export interface SettlementResult {
  readonly settlement: Settlement;
  readonly hold: Hold;
}

/** Late spend that a cap had no room for. */
export interface Breach {
  readonly tenant: string;
  /** The budget of the hold: the one that is paused. */
  readonly budgetNo: bigint;
  /** The cap that is exceeded most. */
  readonly capNo: bigint;
  readonly capId: string;
  readonly holdId: string;
  readonly settlementId: string;
  readonly lateMicros: bigint;
  readonly overMicros: bigint;
  readonly openedMs: number;
}

/** The amount a request stands for: a capture without one takes the whole hold. */
export function settledAmount(request: SettlementRequest, hold: Hold): bigint {
  if (request.action === 'void') return 0n;
  return request.amountMicros ?? hold.amountMicros;
}

/** Key of a settlement in a map. */
export function settlementKey(of: {
  readonly tenant: string;
  readonly holdId: string;
  readonly settlementId: string;
}): string {
  return keyOf(of.tenant, of.holdId, of.settlementId);
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
    },
  };
}
