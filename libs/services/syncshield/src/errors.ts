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
  refund_too_large: {
    kind: 'unprocessable',
    title: 'More is refunded than the hold has spent; nothing was changed.',
    fix: 'Refund at most what was captured or late and has not come back yet.',
  },
  lease_not_found: {
    kind: 'not_found',
    title: 'There is no such lease, or it belongs to another tenant.',
    fix: 'Ask for a slice first with POST /v1/leases, or correct its id.',
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
  audit_checkpoint_missing: {
    kind: 'not_found',
    title: 'There is no signed checkpoint of the audit log yet.',
    fix: 'Ask again in a second; if it stays so, `/ready` says under `audit` why nothing is signed.',
  },
  audit_beyond_checkpoint: {
    kind: 'invalid',
    title: 'The audit log was not signed at that size yet.',
    fix: 'Ask for at most the size of GET /v1/audit/checkpoint.',
  },
  audit_tile_not_found: {
    kind: 'not_found',
    title: 'There is no such tile of the audit tree, or it is not that wide.',
    fix: 'Take level, index and width from the size of a checkpoint (c2sp.org/tlog-tiles).',
  },
  audit_inconsistent: {
    kind: 'internal',
    title: 'The stored audit log has a gap or a record that is not whole.',
    fix: 'Run POST /v1/audit/verify and `kiki audit verify` with an anchored checkpoint; restore from a backup.',
  },
  audit_key_missing: {
    kind: 'unprocessable',
    title: 'The key that signs the audit log is not here, and a new one would break the chain.',
    fix: 'Point SYNCSHIELD_AUDIT_KEY_FILE to the key; every replica needs the same. `kiki audit keygen` makes one.',
  },
  audit_key_unreadable: {
    kind: 'unprocessable',
    title: 'The file with the signing key of the audit log cannot be used.',
    fix: 'Give it one or more Ed25519 private keys in PKCS#8 PEM, readable by this user.',
  },
  policy_invalid: {
    kind: 'invalid',
    title: 'A rule of the policy is not valid.',
    fix: 'Correct the fields named in `fields`; each says what was expected.',
  },
  policy_not_found: {
    kind: 'not_found',
    title: 'The tenant has no such policy.',
    fix: 'Set one with PUT /v1/policy; GET /v1/policy/versions lists those there were.',
  },
  policy_version_conflict: {
    kind: 'conflict',
    title: 'Another version of the policy is in force than the one the change was made on.',
    fix: 'Read it with GET /v1/policy, apply the change to it and send its version.',
  },
  kill_switch_not_found: {
    kind: 'not_found',
    title: 'There is no such kill switch.',
    fix: 'GET /v1/kill-switch lists those that are on.',
  },
  control_busy: {
    kind: 'unavailable',
    title: 'Decisions under way could not be waited for; nothing was changed.',
    fix: 'Repeat the same request after the time in `Retry-After`.',
  },
  approval_required: {
    kind: 'forbidden',
    title: 'The change needs the approval of a second key.',
    fix: 'Send it over its route: it is kept as an approval that another key with shield:admin decides.',
  },
  approval_not_found: {
    kind: 'not_found',
    title: 'There is no such approval.',
    fix: 'GET /v1/approvals lists those that wait.',
  },
  approval_by_requester: {
    kind: 'unprocessable',
    title: 'A change is not approved by the key that asked for it.',
    fix: 'Let another key with shield:admin approve it.',
  },
  approval_closed: {
    kind: 'conflict',
    title: 'The approval was decided or has expired.',
    fix: 'Ask for the change again if it is still wanted.',
  },
  appeal_not_possible: {
    kind: 'unprocessable',
    title: 'The hold was not denied by a rule of the policy that is in force.',
    fix: 'GET /v1/holds/{id}/why says what denied it.',
  },
  approval_outdated: {
    kind: 'conflict',
    title: 'What the approval would change is no longer as it was when it was asked for.',
    fix: 'Look at it as it is now and ask for the change again.',
  },
  privacy_request_not_found: {
    kind: 'not_found',
    title: 'There is no such request of a data subject, or it belongs to another tenant.',
    fix: 'File it with POST /v1/privacy/requests, or correct its id.',
  },
  privacy_request_state: {
    kind: 'conflict',
    title: 'The request of a data subject cannot do that in the state it is in.',
    fix: 'Look at its `state` with GET /v1/privacy/requests/{id}.',
  },
  privacy_export_gone: {
    kind: 'conflict',
    title:
      'There is no export: the request is not a completed access request, or its time is over.',
    fix: 'Wait until the request is completed, or file another one.',
  },
  legal_hold_not_found: {
    kind: 'not_found',
    title: 'There is no such legal hold, or it belongs to another tenant.',
    fix: 'Place it with POST /v1/privacy/legal-holds, or correct its id.',
  },
  webhook_not_found: {
    kind: 'not_found',
    title: 'There is no such webhook, or it belongs to another tenant.',
    fix: 'Create it with POST /v1/webhooks, or correct its id.',
  },
  webhook_url_forbidden: {
    kind: 'invalid',
    title: 'Webhooks are not sent to that address.',
    fix: 'Give an https URL of the open internet on port 443; trusted origins are set by the operator.',
  },
  webhook_limit: {
    kind: 'conflict',
    title: 'The tenant has as many webhooks as it may have.',
    fix: 'Remove one that is not needed with DELETE /v1/webhooks/{id}.',
  },
  event_not_found: {
    kind: 'not_found',
    title: 'There is no such event, or it is too old to be kept.',
    fix: 'Take its number from GET /v1/events.',
  },
  thresholds_invalid: {
    kind: 'invalid',
    title: 'The thresholds of a budget are not valid.',
    fix: 'Send different whole percentages from 1 to 1000, at most 20.',
  },
  plan_invalid: {
    kind: 'invalid',
    title: 'The plan does not fit its budget.',
    fix: 'Correct the fields named in `fields`; each says what was expected.',
  },
  external_spend_invalid: {
    kind: 'invalid',
    title: 'The report of external spend is not valid.',
    fix: 'Correct the fields named in `fields`; each says what was expected.',
  },
  external_spend_pending: {
    kind: 'unavailable',
    title: 'The report was taken, but its entry could not be recorded yet.',
    fix: 'Repeat the same request; SyncShield goes on trying by itself too.',
  },
  consent_string_invalid: {
    kind: 'invalid',
    title: 'The consent string cannot be read.',
    fix: 'Send the TCF (v2) or GPP string exactly as the consent platform gave it.',
  },
  consent_proof_insufficient: {
    kind: 'unprocessable',
    title: 'The proof does not show the consent that the record claims; nothing was recorded.',
    fix: 'Record only what the string grants; `fields` names what it lacks.',
  },
  consent_purpose_unknown: {
    kind: 'unprocessable',
    title: 'The tenant has no such purpose; consent to it cannot be recorded.',
    fix: 'Add the purpose with PUT /v1/consent/settings, or correct `purpose`.',
  },
  consent_notice_unknown: {
    kind: 'unprocessable',
    title: 'The notice is not one of the tenant, or its text is another one.',
    fix: 'Send `noticeVersion` (and the SHA-256 of its text) as in GET /v1/consent/settings.',
  },
  consent_settings_invalid: {
    kind: 'invalid',
    title: 'The consent settings contradict themselves.',
    fix: 'Correct the fields named in `fields`; each says what was expected.',
  },
  consent_settings_conflict: {
    kind: 'conflict',
    title: 'Other consent settings are in force than those the change was made on.',
    fix: 'Read them with GET /v1/consent/settings, apply the change and send their version.',
  },
  consent_record_not_found: {
    kind: 'not_found',
    title: 'There is no such consent record, or it belongs to another tenant.',
    fix: 'Correct the id; a customer who never said anything has no records.',
  },
});
