import { canonicalJson } from '@kiki/kernel';
import type { Breach } from './breach.js';
import type { RecordedEntry } from './entry.js';
import { expiresMs, heldMicros, releaseMs, type Hold } from './hold.js';
import type { SettlementResult } from './settlement.js';

/**
 * One fact of the log: who did what, when, to what. No personal data: neither purpose nor
 * reference.
 */
export interface AuditRecord {
  readonly tenant: string;
  readonly actor: string;
  readonly atMs: number;
  /** `hold.approved`, `caps.replaced`, … */
  readonly action: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/**
 * The bytes that are stored, hashed and proven: canonical JSON; the sequence number is the
 * record's place.
 */
export function auditLine(record: AuditRecord): string {
  const { actor, atMs, action, facts } = record;
  // About in the order of the keys, which spares sorting them.
  return canonicalJson({ action, actor, atMs, ...facts, v: 1 });
}

/** A decision on a hold. */
export function holdDecided(hold: Hold, actor: string): AuditRecord {
  const deadlines = { expiresMs: expiresMs(hold), releaseMs: releaseMs(hold) };
  return {
    tenant: hold.tenant,
    actor,
    atMs: hold.decidedMs,
    action: hold.isApproved ? 'hold.approved' : 'hold.denied',
    facts: {
      amountMicros: hold.amountMicros,
      budgetId: hold.budgetId,
      currency: hold.currency,
      holdId: hold.id,
      ...(hold.isApproved ? deadlines : { reason: hold.reason, denial: hold.denial }),
      ...(hold.elastic === undefined ? {} : { requestedMicros: hold.requestedMicros }),
    },
  };
}

/** A capture, a void, late spend, a refund, or one that changed nothing. */
export function holdSettled({ settlement, hold }: SettlementResult, actor: string): AuditRecord {
  return {
    tenant: hold.tenant,
    actor,
    atMs: settlement.settledMs,
    action: `hold.${settlement.outcome}`,
    facts: {
      holdId: hold.id,
      settlementId: settlement.settlementId,
      budgetId: hold.budgetId,
      currency: hold.currency,
      capturedMicros: settlement.capturedMicros,
      lateMicros: settlement.lateMicros,
      ...(settlement.action === 'refund' ? { refundedMicros: settlement.refundedMicros } : {}),
      ...(settlement.isFinal ? {} : { isFinal: false }),
    },
  };
}

/** A hold that nobody settled in time. */
export function holdExpired(hold: Hold, nowMs: number): AuditRecord {
  return {
    tenant: hold.tenant,
    actor: 'syncshield',
    atMs: nowMs,
    action: 'hold.expired',
    facts: { holdId: hold.id, budgetId: hold.budgetId, releasedMicros: heldMicros(hold) },
  };
}

/** Money that was spent, or came back, without a hold. */
export function entryRecorded(entry: RecordedEntry, actor: string): AuditRecord {
  const { tenant, entryId, budgetId, amountMicros, currency, source } = entry;
  return {
    tenant,
    actor,
    atMs: entry.recordedMs,
    action: 'entry.recorded',
    facts: { entryId, budgetId, amountMicros, currency, source, countedMs: entry.countedMs },
  };
}

/** Real spend without room, and the pause that may follow. */
export function breachOpened(breach: Breach, wasPaused: boolean): AuditRecord {
  return {
    tenant: breach.tenant,
    actor: 'syncshield',
    atMs: breach.openedMs,
    action: 'breach.opened',
    facts: {
      budgetId: breach.budgetId,
      capId: breach.capId,
      ...breach.cause,
      lateMicros: breach.lateMicros,
      overMicros: breach.overMicros,
      before: { isPaused: wasPaused },
      after: { isPaused: wasPaused || breach.isPausing },
    },
  };
}

/** A budget's administration; `facts` carry before and after. */
export function budgetChanged(
  change: { readonly tenant: string; readonly actor: string; readonly atMs: number },
  action: 'budget.created' | 'budget.paused' | 'budget.resumed' | 'caps.replaced',
  facts: Readonly<Record<string, unknown>>,
): AuditRecord {
  return { ...change, action, facts };
}
