import { canonicalJson } from '@kiki/kernel';
import { expiresMs, releaseMs, type Hold } from './hold.js';
import type { Breach, SettlementResult } from './settlement.js';

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
  return canonicalJson({ v: 1, action, actor, atMs, ...facts });
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
      holdId: hold.id,
      budgetId: hold.budgetId,
      amountMicros: hold.amountMicros,
      currency: hold.currency,
      ...(hold.isApproved ? deadlines : { reason: hold.reason, denial: hold.denial }),
    },
  };
}

/** A capture, a void, late spend, or one that changed nothing. */
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
    facts: { holdId: hold.id, budgetId: hold.budgetId, releasedMicros: hold.amountMicros },
  };
}

/** Late spend without room, and the pause that follows. */
export function breachOpened(breach: Breach, hold: Hold, wasPaused: boolean): AuditRecord {
  return {
    tenant: hold.tenant,
    actor: 'syncshield',
    atMs: breach.openedMs,
    action: 'breach.opened',
    facts: {
      budgetId: hold.budgetId,
      capId: breach.capId,
      holdId: breach.holdId,
      settlementId: breach.settlementId,
      lateMicros: breach.lateMicros,
      overMicros: breach.overMicros,
      before: { isPaused: wasPaused },
      after: { isPaused: true },
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
