import { pageOf, pageQuery, wireId, wireInstant } from '@kiki/http';
import { z } from 'zod';
import { batchOf, ItemError, plainText } from './shared.schema.js';

/** Most items in one request. */
export const MAX_CONSENT_BATCH = 1024;
const MAX_STRING = 8192;

const NAME = /^[a-z0-9][a-z0-9_.-]{0,63}$/;
const name = (description: string) =>
  z.string().regex(NAME, 'small letters, digits, `_`, `.` or `-`').meta({ description });
/** Channels are named by whoever runs campaigns on them. */
const channelName = (description: string) =>
  z
    .string()
    .max(128)
    .regex(/^[^\s\p{Cc}\p{Cs}*][^\s\p{Cc}\p{Cs}]*$/u, 'text without white space')
    .meta({ description });
const channelOrAny = (description: string) => z.union([z.literal('*'), channelName(description)]);
const nameOrAny = (description: string) => z.union([z.literal('*'), name(description)]);
const regionText = () =>
  z
    .string()
    .regex(/^(?:[A-Z]{2}(?:-[A-Z0-9]{1,3})?|EEA)$/, 'ISO 3166 as DE or US-CA')
    .meta({ description: 'Where the customer is: ISO 3166-1 or 3166-2.', examples: ['DE'] });
const vendorText = () =>
  z
    .string()
    .regex(/^(?:\*|[A-Za-z0-9][A-Za-z0-9_.-]{0,63})$/, 'an id, e.g. of the IAB, or *')
    .meta({ description: 'A vendor, e.g. its id in the IAB list; `*` is any.' });

const customer = () => wireId('The customer.');
const source = () =>
  plainText(128, 'Who took it down, e.g. checkout-form; no personal data.').meta({
    examples: ['preference-centre'],
  });
const proof = () =>
  z.strictObject({
    kind: z.enum(['form', 'tcf', 'gpp', 'gpc', 'import', 'other']),
    value: plainText(MAX_STRING, 'Id of the form, the TCF or GPP string; kept encrypted.'),
  });

const action = z
  .enum(['granted', 'withdrawn', 'objected'])
  .meta({ description: 'yes; no longer; no without having been asked.' });

/** One record of POST /v1/consent/records. */
export const RecordBody = z
  .strictObject({
    id: wireId('Your id of the record; the same again changes nothing.'),
    customerId: customer(),
    purpose: nameOrAny('What for; * only for a no.'),
    channel: channelOrAny('By which channel; * is any.'),
    vendor: vendorText().optional(),
    action,
    source: source(),
    noticeVersion: plainText(64, 'Version of the text that was shown.').optional(),
    noticeSha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')
      .optional()
      .meta({ description: 'SHA-256 of the text that was shown.' }),
    proof: proof().optional(),
    region: regionText().optional(),
    at: wireInstant('When it was said; now, when left out or in the future.').optional(),
    expiresAt: wireInstant('When a yes ends by itself.').optional(),
  })
  .refine(({ action: of, purpose }) => of !== 'granted' || purpose !== '*', {
    path: ['purpose'],
    error: 'one purpose: nobody agrees to everything',
  })
  .refine(
    ({ at, expiresAt }) =>
      expiresAt === undefined || at === undefined || Date.parse(expiresAt) > Date.parse(at),
    { path: ['expiresAt'], error: 'later than `at`' },
  );

/** Body of POST /v1/consent/records. */
export const RecordsBody = z.strictObject({ records: batchOf(RecordBody, MAX_CONSENT_BATCH) });

const Receipt = z.object({
  receiptId: z.string().meta({ description: 'The id of the record.' }),
  seq: z.int().meta({ description: 'Place in the feed of changes.' }),
  auditSeq: z.int().meta({ description: 'Place of its leaf in the audit log.' }),
  recordedAt: wireInstant('When it was recorded.'),
  isReplay: z.boolean().meta({ description: 'It was there already.' }),
});

/** Answer of POST /v1/consent/records. */
export const RecordsAnswer = z.object({
  results: z.array(
    z.object({ id: z.string(), receipt: Receipt.optional(), error: ItemError.optional() }),
  ),
});

/** Body of POST /v1/consent/signals. */
export const SignalsBody = z.strictObject({
  signals: batchOf(
    z
      .strictObject({
        id: z
          .string()
          .regex(/^[^\s\p{Cc}\p{Cs}]{1,48}$/u, 'up to 48 characters without white space')
          .meta({ description: 'Your id of the signal; the same again changes nothing.' }),
        customerId: customer(),
        source: source(),
        region: regionText().optional(),
        at: wireInstant('When it was seen.').optional(),
        tcf: plainText(MAX_STRING, 'TC string of the TCF 2.').optional(),
        gpp: plainText(MAX_STRING, 'String of the Global Privacy Platform.').optional(),
        gpc: z.boolean().optional().meta({ description: '`Sec-GPC: 1`.' }),
        vendors: z
          .array(z.int().min(1).max(65535))
          .max(32)
          .default([])
          .meta({ description: 'Vendors of the IAB list to record beside the tenant itself.' }),
      })
      .refine(({ tcf, gpp, gpc }) => tcf !== undefined || gpp !== undefined || gpc === true, {
        path: ['gpc'],
        error: 'tcf, gpp or gpc: true',
      }),
    128,
  ),
});

/** Answer of POST /v1/consent/signals. */
export const SignalsAnswer = z.object({
  results: z.array(
    z.object({
      id: z.string(),
      receipts: z.array(Receipt).optional(),
      error: ItemError.optional(),
    }),
  ),
});

/** Body of POST /v1/consent/withdraw. */
export const WithdrawBody = z.strictObject({
  id: wireId('Your id of the withdrawal; made up when left out.').optional(),
  customerId: customer(),
  purpose: nameOrAny('What for; all purposes when left out.').default('*'),
  channel: channelOrAny('By which channel; all when left out.').default('*'),
  vendor: vendorText().default('*'),
  source: source(),
  proof: proof().optional(),
  region: regionText().optional(),
});

/** Answer of POST /v1/consent/withdraw. */
export const WithdrawAnswer = Receipt;

/** Body of POST /v1/consent/check. */
export const ConsentCheckBody = z.strictObject({
  checks: batchOf(
    z.strictObject({
      customerId: customer().optional(),
      purpose: name('What for.'),
      channel: channelName('By which channel.'),
      vendor: vendorText().optional(),
      region: regionText().optional(),
      gpc: z.boolean().optional().meta({ description: 'The browser says `Sec-GPC: 1`.' }),
    }),
    MAX_CONSENT_BATCH,
  ),
});

/** Answer of POST /v1/consent/check. */
export const ConsentCheckAnswer = z.object({
  results: z.array(
    z.object({
      decision: z.enum(['allowed', 'denied']),
      reason: z.enum([
        ...['granted', 'no_objection', 'no_consent', 'withdrawn', 'objected', 'expired'],
        ...['notice_outdated', 'gpc', 'unknown_purpose'],
      ] as const),
      receiptId: z.string().meta({
        description: 'The record that decided, else `settings.` and the version of the settings.',
      }),
      regime: z.enum(['opt_in', 'opt_out']),
      until: wireInstant('Ask again then at the latest.').nullable(),
      subject: z.string().nullable().meta({ description: 'Pseudonym, as the feed names it.' }),
    }),
  ),
  seq: z.int().meta({ description: 'Changes up to here are in the answers.' }),
});

/** Path of GET /v1/consent/subjects/{customerId}. */
export const ConsentSubjectPath = z.strictObject({ customerId: customer() });
/** Query of GET /v1/consent/subjects/{customerId}. */
export const ConsentHistoryQuery = z.strictObject(pageQuery());
/** Path of GET /v1/consent/records/{id}. */
export const ConsentRecordPath = z.strictObject({ id: wireId('Id of the record.') });

/** A record with its receipt. */
export const ConsentRecordAnswer = z.object({
  id: z.string(),
  subject: z.string().meta({ description: 'Pseudonym, as the audit log names the customer.' }),
  purpose: z.string(),
  channel: z.string(),
  vendor: z.string().nullable().meta({ description: 'Null is the tenant itself.' }),
  action,
  source: z.string(),
  noticeVersion: z.string().nullable(),
  noticeSha256: z.string().nullable(),
  region: z.string().nullable(),
  proofKind: z.string().nullable(),
  proof: z.string().nullable().meta({ description: 'Null when the customer was erased.' }),
  at: wireInstant('When it was said.'),
  expiresAt: wireInstant('When it ends by itself.').nullable(),
  recordedAt: wireInstant('When it was recorded.'),
  recordedBy: z.string(),
  seq: z.int(),
  auditSeq: z.int().meta({ description: 'Place of its leaf in the audit log.' }),
});

/** Answer of GET /v1/consent/subjects/{customerId}. */
export const ConsentHistoryPage = pageOf(ConsentRecordAnswer);

const whole = (min: number, max: number, description: string) => {
  const expected = `a whole number from ${min} to ${max}`;
  return z.coerce
    .number({ error: expected })
    .refine((n) => Number.isInteger(n) && n >= min && n <= max, expected)
    .meta({ type: 'integer', minimum: min, maximum: max, description });
};

/** Query of GET /v1/consent/changes. */
export const ConsentChangesQuery = z.strictObject({
  after: whole(0, Number.MAX_SAFE_INTEGER, 'Where to go on; left out: where it ends.').optional(),
  waitMs: whole(0, 30_000, 'How long to wait for a change.').default(0),
  limit: whole(1, 1000, 'Changes per answer.').default(1000),
});

/** Answer of GET /v1/consent/changes. */
export const ConsentChangesAnswer = z.object({
  items: z.array(
    z.object({
      seq: z.int(),
      kind: z.enum(['record', 'settings']),
      receiptId: z.string().nullable(),
      subject: z.string().nullable().meta({ description: 'Pseudonym, as checks name it.' }),
      purpose: z.string().nullable(),
      channel: z.string().nullable(),
      vendor: z.string().nullable(),
      action: action.nullable(),
    }),
  ),
  next: z.int().meta({ description: '`after` of the next call.' }),
  isComplete: z.boolean().meta({ description: 'Nothing was behind these yet.' }),
  waitedMs: z.int().meta({ description: 'The last look was so long after the call came.' }),
});
