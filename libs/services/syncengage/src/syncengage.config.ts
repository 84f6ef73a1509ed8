import { addressOf, defineConfig, flag, integer, url, variable, type ConfigOf } from '@kiki/config';
import { z } from 'zod';

const DAY_MS = 86_400_000;
const MAILBOX = /^(?:[^<>\p{Cc}]{0,100}<)?[^\s<>@]+@[a-z0-9.-]+>?$/iu;

/** SyncEngage's own variables. */
export const syncengageConfig = defineConfig('syncengage', {
  smtpUrl: variable({
    env: 'SYNCENGAGE_SMTP_URL',
    schema: url(['smtp', 'smtps']).optional(),
    doc: 'Mail server, e.g. `smtp://user:password@host:587`; not set: nothing can be sent.',
    isSecret: true,
    shown: (url) => (url === undefined ? '' : addressOf(url)),
  }),
  smtpConnections: variable({
    env: 'SYNCENGAGE_SMTP_CONNECTIONS',
    schema: integer({ min: 1, max: 64, default: 4 }),
    doc: 'Connections to the mail server at a time.',
  }),
  smtpTimeoutMs: variable({
    env: 'SYNCENGAGE_SMTP_TIMEOUT_MS',
    schema: integer({ min: 100, max: 600_000, default: 30_000 }),
    doc: 'Longest time for one mail, milliseconds; one without an answer by then is never repeated.',
  }),
  mailFrom: variable({
    env: 'SYNCENGAGE_MAIL_FROM',
    schema: z.string().regex(MAILBOX, 'Name <name@domain>').default('KIKI <kiki@example.test>'),
    doc: 'Sender of all mails; its domain names the messages.',
  }),
  mailAttempts: variable({
    env: 'SYNCENGAGE_MAIL_ATTEMPTS',
    schema: integer({ min: 1, max: 100, default: 5 }),
    doc: 'Attempts at a mail that the server puts off (4xx) before it is given up.',
  }),
  publicUrl: variable({
    env: 'SYNCENGAGE_PUBLIC_URL',
    schema: url(['http', 'https']).optional(),
    doc: 'Where customers reach this service, for links in mails (https); default: SYNCENGAGE_URL.',
  }),
  unsubscribeTtlMs: variable({
    env: 'SYNCENGAGE_UNSUBSCRIBE_TTL_MS',
    schema: integer({ min: 60_000, max: 3_650 * DAY_MS, default: 400 * DAY_MS }),
    doc: 'How long an unsubscribe link works, milliseconds.',
  }),
  isOptInRequired: variable({
    env: 'SYNCENGAGE_REQUIRE_OPT_IN',
    schema: flag(false),
    doc: 'Whether only customers who said yes are written to; otherwise all who did not say no.',
  }),
  capMessages: variable({
    env: 'SYNCENGAGE_CAP_MESSAGES',
    schema: integer({ min: 0, max: 1_000, default: 2 }),
    doc: 'Messages to one customer per window, of tenants without a cap of their own.',
  }),
  capWindowMs: variable({
    env: 'SYNCENGAGE_CAP_WINDOW_MS',
    schema: integer({ min: 1_000, max: 366 * DAY_MS, default: 7 * DAY_MS }),
    doc: 'Window of the frequency cap, milliseconds.',
  }),
  atRiskBelowMilli: variable({
    env: 'SYNCENGAGE_AT_RISK_BELOW_MILLI',
    schema: integer({ min: 1, max: 1_000, default: 500 }),
    doc: 'Customers with a smaller P(alive) are at risk, thousandths.',
  }),
  lostBelowMilli: variable({
    env: 'SYNCENGAGE_LOST_BELOW_MILLI',
    schema: integer({ min: 0, max: 1_000, default: 50 }),
    doc: 'Customers with a smaller P(alive) are lost, thousandths.',
  }),
  segmentMaxAgeMs: variable({
    env: 'SYNCENGAGE_SEGMENT_MAX_AGE_MS',
    schema: integer({ min: 1_000, max: 366 * DAY_MS, default: DAY_MS }),
    doc: 'How old a segment may be before a journey asks SyncValue again, milliseconds.',
  }),
  defaultCurrency: variable({
    env: 'SYNCENGAGE_DEFAULT_CURRENCY',
    schema: z
      .string()
      .regex(/^[A-Z]{3}$/, 'three capital letters (ISO 4217)')
      .default('USD'),
    doc: 'Currency of orders that name none, ISO 4217.',
  }),
  valueTimeoutMs: variable({
    env: 'SYNCENGAGE_VALUE_TIMEOUT_MS',
    schema: integer({ min: 100, max: 600_000, default: 30_000 }),
    doc: 'Deadline of one call to SyncValue, milliseconds.',
  }),
  outboxIntervalMs: variable({
    env: 'SYNCENGAGE_OUTBOX_INTERVAL_MS',
    schema: integer({ min: 10, max: 3_600_000, default: 500 }),
    doc: 'How often orders are forwarded to SyncValue, milliseconds.',
  }),
  tendIntervalMs: variable({
    env: 'SYNCENGAGE_TEND_INTERVAL_MS',
    schema: integer({ min: 10, max: 3_600_000, default: 5_000 }),
    doc: 'How often what a crash left behind is looked for, milliseconds.',
  }),
  stalledAfterMs: variable({
    env: 'SYNCENGAGE_STALLED_AFTER_MS',
    schema: integer({ min: 1_000, max: DAY_MS, default: 900_000 }),
    doc: 'A run without progress for this long goes back into the queue, milliseconds.',
  }),
});

/** SyncEngage's configuration as the code sees it. */
export type SyncengageConfig = ConfigOf<typeof syncengageConfig.variables>;
