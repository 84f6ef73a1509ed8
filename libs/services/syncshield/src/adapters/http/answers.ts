import { kernelErrors, microsToWire, type DomainError, type Result } from '@kiki/kernel';
import type { Principal } from '@kiki/auth';
import type { z } from 'zod';
import type { BudgetReport, CapReport, LedgerOutcome } from '../../application/ledger.js';
import { expiresMs, releaseMs, type Denial, type Hold } from '../../domain/hold.js';
import type { SettlementResult } from '../../domain/settlement.js';
import type { BudgetAnswer, CapAnswer } from './budgets.schema.js';
import type { DenialAnswer, HoldAnswer } from './holds.schema.js';
import type { SettlementAnswer } from './settlements.schema.js';
import type { ItemError } from './shared.schema.js';

/** Who asked, for the audit: a service by its name, else the key. */
export function actorOf({ service, keyId }: Principal): string {
  return service ?? keyId;
}

const instants = new Map<number, string>();
const MAX_INSTANTS = 1_024;

/** An instant on the wire; the holds of a batch share a few. */
function instantText(ms: number): string {
  let text = instants.get(ms);
  if (text === undefined) {
    if (instants.size >= MAX_INSTANTS) instants.clear();
    instants.set(ms, (text = new Date(ms).toISOString()));
  }
  return text;
}

/** A hold on the wire. */
export function holdAnswer(hold: Hold): z.infer<typeof HoldAnswer> {
  return {
    id: hold.id,
    decision: hold.isApproved ? 'approved' : 'denied',
    reason: hold.reason,
    budgetId: hold.budgetId,
    amountMicros: microsToWire(hold.amountMicros),
    requestedMicros: microsToWire(hold.requestedMicros),
    currency: hold.currency,
    state: hold.state,
    capturedMicros: microsToWire(hold.capturedMicros),
    lateMicros: microsToWire(hold.lateMicros),
    refundedMicros: microsToWire(hold.refundedMicros),
    decidedAt: instantText(hold.decidedMs),
    expiresAt: hold.isApproved ? instantText(expiresMs(hold)) : null,
    releaseAt: hold.isApproved ? instantText(releaseMs(hold)) : null,
    denial: hold.denial === undefined ? null : denialAnswer(hold.denial),
  };
}

/** A denial on the wire. */
export function denialAnswer(denial: Denial): z.infer<typeof DenialAnswer> {
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
    measure: denial.measure ?? (denial.limitMicros === undefined ? null : 'micros'),
    limitActions: micros(denial.limitActions),
    usedActions: micros(denial.usedActions),
    windowFrom: instant(denial.window?.fromMs),
    windowTo: instant(denial.window?.toMs),
    ruleId: denial.ruleId ?? null,
    policyVersion: denial.policyVersion ?? null,
    values: { ...denial.values },
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
    refundedMicros: microsToWire(settlement.refundedMicros),
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
    pausesOnExternal: budget.pausesOnExternal,
    spentMicros: microsToWire(budget.spentMicros),
    heldMicros: microsToWire(budget.heldMicros),
    caps: budget.caps.map(capAnswer),
    createdAt: new Date(budget.createdMs).toISOString(),
  };
}

/** A cap on the wire. */
export function capAnswer(cap: CapReport): z.infer<typeof CapAnswer> {
  const isMoney = cap.measure === 'micros';
  const micros = (of: bigint): number | null => (isMoney ? microsToWire(of) : null);
  const actions = (of: bigint): number | null => (isMoney ? null : Number(of));
  return {
    id: cap.id,
    kind: cap.kind,
    measure: cap.measure,
    limitMicros: micros(cap.limit),
    timeZone: cap.timeZone ?? null,
    windowMs: cap.windowMs ?? null,
    spentMicros: micros(cap.spent),
    heldMicros: micros(cap.held),
    headroomMicros: micros(cap.headroom),
    limitActions: actions(cap.limit),
    usedActions: actions(cap.spent),
    headroomActions: actions(cap.headroom),
    burst: cap.burst === undefined ? null : microsToWire(cap.burst),
    flexPercent: cap.flexPercent ?? null,
    windowFrom: instant(cap.window.fromMs),
    windowTo: instant(cap.window.toMs),
  };
}

function instant(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
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
