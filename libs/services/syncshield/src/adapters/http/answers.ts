import { kernelErrors, microsToWire, type DomainError, type Result } from '@kiki/kernel';
import type { Principal } from '@kiki/auth';
import type { z } from 'zod';
import type { BudgetReport, LedgerOutcome } from '../../application/ledger.js';
import { expiresMs, releaseMs, type Denial, type Hold } from '../../domain/hold.js';
import type { SettlementResult } from '../../domain/settlement.js';
import type { BudgetAnswer } from './budgets.schema.js';
import type { DenialAnswer, HoldAnswer } from './holds.schema.js';
import type { SettlementAnswer } from './settlements.schema.js';
import type { ItemError } from './shared.schema.js';

/** Who asked, for the audit: a service by its name, else the key. */
export function actorOf({ service, keyId }: Principal): string {
  return service ?? keyId;
}

/** A hold on the wire. */
export function holdAnswer(hold: Hold): z.infer<typeof HoldAnswer> {
  const at = (ms: number): string => new Date(ms).toISOString();
  return {
    id: hold.id,
    decision: hold.isApproved ? 'approved' : 'denied',
    reason: hold.reason,
    budgetId: hold.budgetId,
    amountMicros: microsToWire(hold.amountMicros),
    currency: hold.currency,
    state: hold.state,
    capturedMicros: microsToWire(hold.capturedMicros),
    lateMicros: microsToWire(hold.lateMicros),
    decidedAt: at(hold.decidedMs),
    expiresAt: hold.isApproved ? at(expiresMs(hold)) : null,
    releaseAt: hold.isApproved ? at(releaseMs(hold)) : null,
    denial: hold.denial === undefined ? null : denialAnswer(hold.denial),
  };
}

function denialAnswer(denial: Denial): z.infer<typeof DenialAnswer> {
  const micros = (of: bigint | undefined): number | null =>
    of === undefined ? null : microsToWire(of);
  return {
    budgetId: denial.budgetId,
    capId: denial.capId ?? null,
    kind: denial.kind ?? null,
    limitMicros: micros(denial.limitMicros),
    spentMicros: micros(denial.spentMicros),
    heldMicros: micros(denial.heldMicros),
    headroomMicros: micros(denial.headroomMicros),
  };
}

/** A settlement on the wire. */
export function settlementAnswer({
  settlement,
  hold,
}: SettlementResult): z.infer<typeof SettlementAnswer> {
  return {
    settlementId: settlement.settlementId,
    outcome: settlement.outcome,
    capturedMicros: microsToWire(settlement.capturedMicros),
    lateMicros: microsToWire(settlement.lateMicros),
    hold: holdAnswer(hold),
  };
}

/** A budget on the wire. */
export function budgetAnswer(budget: BudgetReport): z.infer<typeof BudgetAnswer> {
  return {
    id: budget.id,
    parentId: budget.parentId ?? null,
    name: budget.name,
    currency: budget.currency,
    isPaused: budget.isPaused,
    spentMicros: microsToWire(budget.spentMicros),
    heldMicros: microsToWire(budget.heldMicros),
    caps: budget.caps.map((cap) => ({
      id: cap.id,
      kind: cap.kind,
      limitMicros: microsToWire(cap.limitMicros),
      timeZone: cap.timeZone ?? null,
      windowMs: cap.windowMs ?? null,
      spentMicros: microsToWire(cap.spentMicros),
      heldMicros: microsToWire(cap.heldMicros),
      headroomMicros: microsToWire(cap.headroomMicros),
    })),
    createdAt: new Date(budget.createdMs).toISOString(),
  };
}

/** The error of one item of a batch on the wire. */
export function itemError(error: DomainError): z.infer<typeof ItemError> {
  const { code, message: detail, details } = error;
  const fields = details.fields?.map(({ field, expected }) => ({ field, expected }));
  return { code, detail, ...(fields === undefined ? {} : { fields }) };
}

/** The decision of the only command. @throws its error */
export function onlyHold([outcome]: readonly LedgerOutcome[]): Hold {
  if (outcome?.kind !== 'hold') throw kernelErrors.internal();
  return valueOf(outcome.result);
}

/** The settlement of the only command. @throws its error */
export function onlySettlement([outcome]: readonly LedgerOutcome[]): SettlementResult {
  if (outcome?.kind !== 'settle') throw kernelErrors.internal();
  return valueOf(outcome.result);
}

function valueOf<T>(result: Result<T, DomainError>): T {
  if (result.ok) return result.value;
  throw result.error;
}
