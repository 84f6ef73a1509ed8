import type { DomainError } from '@kiki/kernel';
import type { z } from 'zod';
import type { CheckedConsent } from '../../application/check-consents.js';
import type {
  ConsentChange,
  RecordedConsent,
  StoredConsent,
} from '../../application/consent-registry.js';
import { OWN } from '../../domain/consent/consent-record.js';
import type * as wire from './consent.schema.js';
import type { ItemError } from './shared.schema.js';

const instant = (ms: number): string => new Date(ms).toISOString();

/** The receipt of a record. */
export function receiptAnswer({
  record,
  isReplay,
}: RecordedConsent): z.infer<typeof wire.WithdrawAnswer> {
  return {
    receiptId: record.id,
    seq: Number(record.seq),
    auditSeq: Number(record.auditSeq),
    recordedAt: instant(record.recordedMs),
    isReplay,
  };
}

/** The error of one item. */
export function itemError({ code, message, details }: DomainError): z.infer<typeof ItemError> {
  const { fields } = details;
  return { code, detail: message, ...(fields === undefined ? {} : { fields: [...fields] }) };
}

/** A record with its proof, as far as it can still be read. */
export function recordAnswer(
  record: StoredConsent,
  proof: string | undefined,
): z.infer<typeof wire.ConsentRecordAnswer> {
  const { id, subject, purpose, channel, vendor, action, source, recordedBy } = record;
  return {
    ...{ id, subject, purpose, channel, action, source, recordedBy },
    vendor: vendor === OWN ? null : vendor,
    noticeVersion: record.noticeVersion ?? null,
    noticeSha256: record.noticeSha256 ?? null,
    region: record.region ?? null,
    proofKind: record.proofKind ?? null,
    proof: proof ?? null,
    at: instant(record.atMs),
    expiresAt: record.expiresMs === undefined ? null : instant(record.expiresMs),
    recordedAt: instant(record.recordedMs),
    seq: Number(record.seq),
    auditSeq: Number(record.auditSeq),
  };
}

/** The answer of one check. */
export function checkAnswer({
  isAllowed,
  reason,
  receiptId,
  regime,
  untilMs,
  subject,
}: CheckedConsent) {
  return {
    decision: isAllowed ? ('allowed' as const) : ('denied' as const),
    ...{ reason, receiptId, regime },
    until: untilMs === undefined ? null : instant(untilMs),
    subject: subject ?? null,
  };
}

/** One line of the feed. */
export function changeAnswer(
  change: ConsentChange,
): z.infer<typeof wire.ConsentChangesAnswer>['items'][number] {
  const seq = Number(change.seq);
  if (change.kind === 'settings') {
    const nothing = { subject: null, purpose: null, channel: null, vendor: null, action: null };
    return { seq, kind: 'settings', receiptId: `settings.${change.version}`, ...nothing };
  }
  const { recordId: receiptId, subject, purpose, channel, vendor, action } = change;
  return {
    ...{ seq, kind: 'record' as const, receiptId, subject, purpose, channel, action },
    vendor: vendor === OWN ? null : vendor,
  };
}
