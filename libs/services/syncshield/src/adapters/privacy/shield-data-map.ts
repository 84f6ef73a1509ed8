import type { DataStore } from '@kiki/subject-data';

const PSEUDONYMS = {
  subjects: 'customers',
  basis: 'legal obligation',
  onErase: 'pseudonymised',
} as const;

/** SyncShield's part of the record of processing. */
export const SHIELD_STORES: readonly DataStore[] = [
  {
    ...PSEUDONYMS,
    store: 'syncshield.holds',
    categories: ['pseudonym of the customer', 'channel', 'predicted value'],
    purpose: 'Spending that was allowed or refused, and why',
    retention: 'texts and context: 400 days by default; amounts: as long as the books',
  },
  {
    ...PSEUDONYMS,
    store: 'syncshield.audit_bundles',
    categories: ['decisions and changes, without customers'],
    purpose: 'Proof that the books are complete',
    retention: 'as long as the books',
    onErase: 'kept',
    subjects: 'operators',
  },
  {
    ...PSEUDONYMS,
    store: 'syncshield.privacy_requests',
    categories: ['HMAC of customer id and address', 'kind, deadline and outcome of the request'],
    purpose: 'Proof that requests were answered in time',
    retention: '760 days by default',
  },
  {
    ...PSEUDONYMS,
    store: 'syncshield.privacy_exports',
    categories: ['everything about one person, encrypted'],
    purpose: 'Copies for those who asked for them',
    retention: '30 days by default',
    onErase: 'deleted',
  },
  {
    ...PSEUDONYMS,
    store: 'syncshield.legal_holds',
    categories: ['HMAC of the customer id', 'matter'],
    purpose: 'Duties to keep',
    retention: 'until released, then as long as the books',
    onErase: 'kept',
  },
  {
    ...PSEUDONYMS,
    store: 'syncshield.consent_records',
    categories: [
      'pseudonym of the customer',
      'what they consented or objected to',
      'its proof, encrypted',
    ],
    purpose: 'Proof of consent, and that objections are kept to',
    retention: 'as long as it may have to be proven',
  },
  {
    ...PSEUDONYMS,
    store: 'syncshield.consent_states',
    categories: ['pseudonym of the customer', 'what holds now'],
    purpose: 'Whether somebody may be processed for a purpose',
    retention: 'as long as the records',
  },
  {
    ...PSEUDONYMS,
    store: 'kiki_subject_keys.subject_keys',
    categories: ['a random key per person, encrypted'],
    purpose: 'Pseudonyms that an erasure cuts loose; found by an HMAC of the customer id',
    retention: 'until erased',
    onErase: 'deleted',
  },
];
