import { defineErrors } from '@kiki/kernel';

/** Codes of SyncShield. Refusals of a hold are answers, not errors. */
export const errors = defineErrors({
  budget_not_found: {
    kind: 'not_found',
    title: 'There is no such budget, or it belongs to another tenant.',
    fix: 'Create it with POST /v1/budgets, or correct `budgetId`.',
  },
  budget_parent_invalid: {
    kind: 'unprocessable',
    title: 'The budget cannot hang below that parent.',
    fix: 'Name an existing parent of the same currency, at most 7 levels below its root.',
  },
  cap_invalid: {
    kind: 'invalid',
    title: 'A cap is not valid.',
    fix: 'Correct the fields named in `fields`; each says what was expected.',
  },
  hold_not_found: {
    kind: 'not_found',
    title: 'There is no such hold, or it belongs to another tenant.',
    fix: 'Place the hold first with POST /v1/holds, or correct its id.',
  },
  batch_too_large: {
    kind: 'too_large',
    title: 'The batch carries more than one request may.',
    fix: 'Send smaller batches; the description of the call names the limit.',
  },
  shield_overloaded: {
    kind: 'rate_limited',
    title: 'More holds are waiting than SyncShield will queue; nothing was decided.',
    fix: 'Repeat the same request (same ids) after the time in `Retry-After`.',
  },
  shard_busy: {
    kind: 'unavailable',
    title: 'The budget is being decided on by another process for too long; nothing was decided.',
    fix: 'Repeat the same request (same ids) after the time in `Retry-After`.',
  },
  decision_unknown: {
    kind: 'unavailable',
    title:
      'The store took the decision but its answer was lost, and asking again did not help yet.',
    fix: 'Repeat the same request (same ids): the stored decision is returned.',
  },
  ledger_inconsistent: {
    kind: 'internal',
    title: 'The ledger refused a change that would have broken an invariant; nothing was written.',
    fix: 'Look up the request id in the log and report it; no money was moved.',
  },
  keystore_key_mismatch: {
    kind: 'internal',
    title: 'The key store of data subjects was wrapped by another key-encryption key.',
    fix: 'Name the earlier key or root secret in SYNCSHIELD_KEYSTORE_PREVIOUS_KEYS.',
  },
  sealed_details_invalid: {
    kind: 'invalid',
    title: 'The sealed details were altered, or belong to another tenant.',
    fix: 'Pass the text exactly as it was stored.',
  },
});
