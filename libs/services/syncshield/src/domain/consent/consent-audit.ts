import type { AuditRecord } from '../audit-record.js';
import type { ConsentRecord } from './consent-record.js';
import type { ConsentSettings } from './consent-settings.js';

interface Change {
  readonly tenant: string;
  readonly actor: string;
  readonly atMs: number;
}

/** The leaf of a record: the pseudonym instead of the customer, the kind of the proof instead of the proof. */
export function consentRecorded(change: Change, record: ConsentRecord): AuditRecord {
  const { id, subject, purpose, channel, vendor, action, source, ...rest } = record;
  const { noticeVersion, noticeSha256, region, proofKind, expiresMs } = rest;
  return {
    ...change,
    action: `consent.${action}`,
    facts: {
      ...{ consentId: id, subject, purpose, channel, vendor, source },
      ...{ noticeVersion, noticeSha256, region, proofKind, expiresMs, givenMs: record.atMs },
    },
  };
}

/** The leaf of a change of settings. */
export function consentSettingsChanged(
  change: Change,
  before: ConsentSettings,
  after: ConsentSettings,
  approvalId?: string,
): AuditRecord {
  const by = approvalId === undefined ? {} : { approvalId };
  return { ...change, action: 'consent.settings_changed', facts: { before, after, ...by } };
}
