import {
  addressOf,
  defineConfig,
  integer,
  origins,
  sharedConfig,
  url,
  variable,
  type ConfigOf,
} from '@kiki/config';
import { z } from 'zod';
import { APPROVAL_ACTIONS } from './domain/approval.js';

/** Root secrets and keys: shorter ones are guessed. */
const secret = z.string().min(32);

/** SyncShield's own variables. */
export const syncshieldConfig = defineConfig('syncshield', {
  maxWaiting: variable({
    env: 'SYNCSHIELD_MAX_WAITING',
    schema: integer({ min: 1_024, max: 1_000_000, default: 16_384 }),
    doc: 'Commands that may wait for their transaction in one process; more get 429.',
  }),
  lockTimeoutMs: variable({
    env: 'SYNCSHIELD_LOCK_TIMEOUT_MS',
    schema: integer({ min: 10, max: 60_000, default: 2_000 }),
    doc: 'Longest wait for a budget tree that another process decides on, milliseconds.',
  }),
  unknownForMs: variable({
    env: 'SYNCSHIELD_UNKNOWN_FOR_MS',
    schema: integer({ min: 0, max: 60_000, default: 5_000 }),
    doc: 'How long a decision whose COMMIT was not answered is asked for again, milliseconds.',
  }),
  sweepIntervalMs: variable({
    env: 'SYNCSHIELD_SWEEP_INTERVAL_MS',
    schema: integer({ min: 10, max: 600_000, default: 500 }),
    doc: 'How often money is given back whose grace is over, milliseconds.',
  }),
  totalsIntervalMs: variable({
    env: 'SYNCSHIELD_TOTALS_INTERVAL_MS',
    schema: integer({ min: 100, max: 3_600_000, default: 10_000 }),
    doc: 'How often the gauges of held and spent money are read, milliseconds.',
  }),
  // Privacy.
  keystoreUrl: variable({
    env: 'SYNCSHIELD_KEYSTORE_URL',
    schema: url(['postgres', 'postgresql']).optional(),
    doc: "Server of the data subjects' keys; default: a schema of its own in DATABASE_URL.",
    isSecret: true,
    shown: (value) => (value === undefined ? '(not set)' : addressOf(value)),
  }),
  keystoreKey: variable({
    env: 'SYNCSHIELD_KEYSTORE_KEY',
    schema: secret.optional(),
    doc: "Key (≥ 32 characters) that wraps the data subjects' keys; default: derived from the root secret.",
    isSecret: true,
  }),
  keystorePreviousKeys: variable({
    env: 'SYNCSHIELD_KEYSTORE_PREVIOUS_KEYS',
    schema: z
      .string()
      .default('')
      .transform((text) => text.split(',').filter((key) => key.trim() !== '')),
    doc: 'Earlier wrapping keys or root secrets, separated by commas; at start everything is wrapped anew.',
    isSecret: true,
  }),
  // Audit.
  auditIntervalMs: variable({
    env: 'SYNCSHIELD_AUDIT_INTERVAL_MS',
    schema: integer({ min: 50, max: 60_000, default: 500 }),
    doc: 'How often a growing audit log gets a signed checkpoint, milliseconds.',
  }),
  auditOrigin: variable({
    env: 'SYNCSHIELD_AUDIT_ORIGIN',
    schema: z
      .string()
      .regex(/^[^\s+\p{Cc}]{1,200}$/u, 'a name without white space and plus')
      .default('syncshield.kiki'),
    doc: 'Names the audit logs: the log of a tenant is <origin>/<tenant>. Never change it.',
  }),
  auditKeyFile: variable({
    env: 'SYNCSHIELD_AUDIT_KEY_FILE',
    schema: z.string().optional(),
    doc: 'Ed25519 keys (PKCS#8 PEM), the signing one first; default: made in KIKI_HOME once.',
  }),
  auditAnchors: variable({
    env: 'SYNCSHIELD_AUDIT_ANCHORS',
    schema: z.enum(['file', 'objects', 'file,objects']).default('file'),
    doc: 'Where checkpoints are kept outside the database.',
  }),
  auditAnchorFile: variable({
    env: 'SYNCSHIELD_AUDIT_ANCHOR_FILE',
    schema: z.string().optional(),
    doc: 'File that checkpoints are appended to; default: syncshield-audit-anchors.ndjson in KIKI_HOME.',
  }),
  auditObjectIntervalMs: variable({
    env: 'SYNCSHIELD_AUDIT_OBJECT_INTERVAL_MS',
    schema: integer({ min: 0, max: 86_400_000, default: 60_000 }),
    doc: 'Least time between two checkpoints of a tenant in the object store, milliseconds.',
  }),
  auditCheckedRecords: variable({
    env: 'SYNCSHIELD_AUDIT_CHECKED_RECORDS',
    schema: integer({ min: 0, max: 100_000, default: 1_024 }),
    doc: 'Stored records that are read anew and compared with the tree per interval; 0: none.',
  }),
  // Policy.
  fourEyes: variable({
    env: 'SYNCSHIELD_FOUR_EYES',
    schema: z.enum(['off', 'on']).default('off'),
    doc: 'Whether changes that let more pass, erasures and exports wait for a second key with shield:admin.',
  }),
  fourEyesActions: variable({
    env: 'SYNCSHIELD_FOUR_EYES_ACTIONS',
    schema: z
      .string()
      .default(APPROVAL_ACTIONS.join(','))
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(z.enum(APPROVAL_ACTIONS, `some of ${APPROVAL_ACTIONS.join(', ')}`))),
    doc: 'Which changes four eyes guard, separated by commas.',
  }),
  approvalTtlMs: variable({
    env: 'SYNCSHIELD_APPROVAL_TTL_MS',
    schema: integer({ min: 1_000, max: 2_592_000_000, default: 86_400_000 }),
    doc: 'How long a change waits for its second key, milliseconds.',
  }),
  controlPatienceMs: variable({
    env: 'SYNCSHIELD_CONTROL_PATIENCE_MS',
    schema: integer({ min: 20, max: 60_000, default: 150 }),
    doc: 'A kill switch or policy waits so long for batches; the session of an older one is ended, milliseconds.',
  }),
  policyIntervalMs: variable({
    env: 'SYNCSHIELD_POLICY_INTERVAL_MS',
    schema: integer({ min: 50, max: 3_600_000, default: 10_000 }),
    doc: 'How often rules learn from the ledger and approvals are looked through, milliseconds.',
  }),
  replicas: sharedConfig.variables.replicas,
  privacyIntervalMs: variable({
    env: 'SYNCSHIELD_PRIVACY_INTERVAL_MS',
    schema: integer({ min: 50, max: 600_000, default: 1_000 }),
    doc: 'How often requests of data subjects are looked for that are due, milliseconds.',
  }),
  privacyRetryMs: variable({
    env: 'SYNCSHIELD_PRIVACY_RETRY_MS',
    schema: integer({ min: 1_000, max: 3_600_000, default: 60_000 }),
    doc: 'Longest time until a service that did not confirm is asked again, milliseconds.',
  }),
  retentionIntervalMs: variable({
    env: 'SYNCSHIELD_RETENTION_INTERVAL_MS',
    schema: integer({ min: 1_000, max: 604_800_000, default: 86_400_000 }),
    doc: 'How often what is over its time is deleted, milliseconds.',
  }),
  exportDays: variable({
    env: 'SYNCSHIELD_EXPORT_DAYS',
    schema: integer({ min: 1, max: 365, default: 30 }),
    doc: 'How long the export of an access request can be had, days.',
  }),
  // Consent.
  consentDefault: variable({
    env: 'SYNCSHIELD_CONSENT_DEFAULT',
    schema: z.enum(['opt_in', 'opt_out']).default('opt_out'),
    doc: 'What silence means for customers of no known region, for tenants without consent settings.',
  }),
  home: sharedConfig.variables.home,
  rootSecret: sharedConfig.variables.secret,
  // Leases
  leaseTtlMs: variable({
    env: 'SYNCSHIELD_LEASE_TTL_MS',
    schema: integer({ min: 250, max: 60_000, default: 2_000 }),
    doc: 'How long a leased slice may be spent, milliseconds: how late a kill switch reaches leases.',
  }),
  leaseGraceMs: variable({
    env: 'SYNCSHIELD_LEASE_GRACE_MS',
    schema: integer({ min: 0, max: 86_400_000, default: 3_000 }),
    doc: 'How much longer the reports of a lease are waited for, milliseconds.',
  }),
  leaseHeadroomDivisor: variable({
    env: 'SYNCSHIELD_LEASE_HEADROOM_DIVISOR',
    schema: integer({ min: 1, max: 1_000, default: 8 }),
    doc: 'A slice takes at most this part (1/n) of what is left.',
  }),
  leaseUnreportedPercent: variable({
    env: 'SYNCSHIELD_LEASE_UNREPORTED_PERCENT',
    schema: integer({ min: 1, max: 100, default: 25 }),
    doc: 'Part of a slice that may be spent before it is reported; booked of a silent node, percent.',
  }),
  leaseHoldsOnlyPermille: variable({
    env: 'SYNCSHIELD_LEASE_HOLDS_ONLY_PERMILLE',
    schema: integer({ min: 0, max: 500, default: 10 }),
    doc: 'With less than this of a limit left nothing is leased, only held, thousandths.',
  }),
  leaseSweepIntervalMs: variable({
    env: 'SYNCSHIELD_LEASE_SWEEP_INTERVAL_MS',
    schema: integer({ min: 10, max: 60_000, default: 250 }),
    doc: 'How often leases of silent nodes are closed, milliseconds.',
  }),
  // Events, external spend, pacing.
  webhookTimeoutMs: variable({
    env: 'SYNCSHIELD_WEBHOOK_TIMEOUT_MS',
    schema: integer({ min: 100, max: 30_000, default: 5_000 }),
    doc: 'Longest time of one attempt to deliver an event, milliseconds.',
  }),
  webhookAttempts: variable({
    env: 'SYNCSHIELD_WEBHOOK_ATTEMPTS',
    schema: integer({ min: 1, max: 100, default: 15 }),
    doc: 'Attempts to deliver an event; 15 take about four hours. A webhook that misses them all is disabled.',
  }),
  webhookRetryMs: variable({
    env: 'SYNCSHIELD_WEBHOOK_RETRY_MS',
    schema: integer({ min: 10, max: 600_000, default: 1_000 }),
    doc: 'Wait before the second attempt, milliseconds; it doubles, half of it random, up to an hour.',
  }),
  webhookTrustedOrigins: variable({
    env: 'SYNCSHIELD_WEBHOOK_TRUSTED_ORIGINS',
    schema: origins(),
    doc: 'Origins of webhooks that may lie on a private network or speak plain http, separated by commas.',
  }),
  eventPollMs: variable({
    env: 'SYNCSHIELD_EVENT_POLL_MS',
    schema: integer({ min: 50, max: 60_000, default: 500 }),
    doc: 'How often is looked for events whose announcement was lost, milliseconds.',
  }),
  eventDays: variable({
    env: 'SYNCSHIELD_EVENT_DAYS',
    schema: integer({ min: 1, max: 3_650, default: 90 }),
    doc: 'How long events and the log of their deliveries are kept, days.',
  }),
  sampleIntervalMs: variable({
    env: 'SYNCSHIELD_SAMPLE_INTERVAL_MS',
    schema: integer({ min: 100, max: 300_000, default: 15_000 }),
    doc: 'How often is noted what budgets have spent, for burn rates, milliseconds.',
  }),
});

/** SyncShield's configuration as the code sees it. */
export type SyncshieldConfig = ConfigOf<typeof syncshieldConfig.variables>;
