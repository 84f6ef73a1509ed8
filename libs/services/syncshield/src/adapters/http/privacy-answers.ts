import { createHash } from 'node:crypto';
import { canonicalJson } from '@kiki/kernel';
import type { z } from 'zod';
import type { LegalHold } from '../../application/privacy/legal-holds.js';
import type { PrivacyRequest, PrivacyStep } from '../../domain/privacy/privacy-request.js';
import type * as wire from './privacy.schema.js';

const instant = (ms: number): string => new Date(ms).toISOString();
const mayInstant = (ms: number | undefined): string | null =>
  ms === undefined ? null : instant(ms);

/** A request on the wire. @param nowMs for whether it is overdue */
export function privacyAnswer(
  request: PrivacyRequest,
  nowMs: number,
): z.infer<typeof wire.PrivacyRequestAnswer> {
  const { id, kind, regime, state, dueMs, finishedMs } = request;
  return {
    ...{ id, kind, regime, state },
    receivedAt: instant(request.receivedMs),
    dueAt: instant(dueMs),
    isOverdue: (finishedMs ?? nowMs) > dueMs,
    verifiedAt: mayInstant(request.verifiedMs),
    verificationMethod: request.verificationMethod ?? null,
    extensionReason: request.extensionReason ?? null,
    finishedAt: mayInstant(finishedMs),
    reason: request.reason ?? null,
    suppress: request.isSuppressing,
    steps: request.steps.map(stepAnswer),
  };
}

function stepAnswer(step: PrivacyStep) {
  return {
    service: step.service,
    state: stateOf(step),
    attempts: step.attempts,
    lastError: step.lastError ?? null,
    confirmedAt: mayInstant(step.confirmedMs),
    // Written by the service itself in this shape.
    receipt:
      (step.receipt as z.infer<typeof wire.EvidenceAnswer>['request']['steps'][0]['receipt']) ??
      null,
  };
}

function stateOf({ confirmedMs, refusedMs }: PrivacyStep): 'pending' | 'confirmed' | 'refused' {
  if (refusedMs !== undefined) return 'refused';
  return confirmedMs === undefined ? 'pending' : 'confirmed';
}

/** A request, its audit record and where the proof of that is had. */
export function evidenceAnswer(
  request: PrivacyRequest,
  record: string,
  nowMs: number,
): z.infer<typeof wire.EvidenceAnswer> {
  const seq = Number(request.auditSeq);
  const shown = privacyAnswer(request, nowMs);
  const audit = { seq, record, inclusionProof: `/v1/audit/proof/inclusion?seq=${seq}` };
  const evidenceSha256 = createHash('sha256')
    .update(canonicalJson({ request: shown, audit }))
    .digest('hex');
  return { request: shown, audit, evidenceSha256 };
}

/** A legal hold on the wire. */
export function legalHoldAnswer(hold: LegalHold): z.infer<typeof wire.LegalHoldAnswer> {
  return {
    ...{ id: hold.id, matter: hold.matter, placedBy: hold.placedBy },
    isActive: hold.releasedMs === undefined,
    placedAt: instant(hold.placedMs),
    releasedBy: hold.releasedBy ?? null,
    releasedAt: mayInstant(hold.releasedMs),
  };
}
