import { pageOf, pageQuery, wireId, wireInstant } from '@kiki/http';
import { z } from 'zod';
import {
  REGIMES,
  REJECTIONS,
  REQUEST_KINDS,
  REQUEST_STATES,
  STEP_SERVICES,
  VERIFICATION_METHODS,
} from '../../domain/privacy/privacy-request.js';
import { plainText } from './shared.schema.js';

const CustomerId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'text without control characters')
  .meta({ description: 'The customer.' });
const Email = z
  .string()
  .max(254)
  .regex(/^[^\s@]+@[^\s@]+$/, 'one address such as name@example.test')
  .meta({ description: 'The mailbox.', examples: ['ann@example.test'] });

const Traits = z
  .record(z.string().min(1).max(128), z.unknown())
  .refine(isStorable, { error: 'text without NUL and lone surrogates' });

/** Whether PostgreSQL's jsonb takes it, names and values; backslashes of the text itself are escaped in pairs. */
function isStorable(traits: Readonly<Record<string, unknown>>): boolean {
  return !/\\u0000|\\ud[89a-f]/.test(JSON.stringify(traits).replaceAll('\\\\', ''));
}

/** How the person was verified. */
export const VerificationBody = z.strictObject({
  method: z.enum(VERIFICATION_METHODS),
  reference: plainText(
    500,
    'What proves it, e.g. the number of a ticket; kept encrypted.',
  ).optional(),
});

/** Body of POST /v1/privacy/requests. */
export const PrivacyRequestBody = z
  .strictObject({
    id: wireId('Your id of the request; no personal data.'),
    kind: z.enum(REQUEST_KINDS),
    regime: z.enum(REGIMES).meta({ description: 'Law that sets the deadline.' }),
    customerId: CustomerId.optional(),
    email: Email.optional(),
    verification: VerificationBody.optional().meta({
      description: 'Without it the request waits for POST …/verify.',
    }),
    suppress: z
      .boolean()
      .default(false)
      .meta({ description: 'With `erase`: the person must not be taken in again either.' }),
    changes: z
      .strictObject({
        email: Email.optional(),
        traits: Traits.optional(),
      })
      .optional()
      .meta({ description: 'With `rectify`: the attributes as they should be; null removes one.' }),
  })
  .refine(({ customerId, email }) => customerId !== undefined || email !== undefined, {
    error: 'customerId or email',
    path: ['customerId'],
  })
  .refine(({ kind, changes }) => (kind === 'rectify') === (changes !== undefined), {
    error: 'what to correct with `rectify`, nothing otherwise',
    path: ['changes'],
  });

const Receipt = z.object({
  service: z.string(),
  requestId: z.string(),
  action: z.string(),
  counts: z.record(z.string(), z.int()),
  notes: z.array(z.string()),
  refusal: z
    .string()
    .optional()
    .meta({ description: 'Code of why the service refuses it for good.' }),
  completedAt: wireInstant('When the service was done, or refused.'),
  evidenceSha256: z.string(),
});

const Step = z.object({
  service: z.enum(STEP_SERVICES),
  state: z.enum(['pending', 'confirmed', 'refused']),
  attempts: z.int(),
  lastError: z.string().nullable().meta({ description: 'Code of the last failure.' }),
  confirmedAt: wireInstant('When the service confirmed.').nullable(),
  receipt: Receipt.nullable(),
});

/** A request, without whom it is about. */
export const PrivacyRequestAnswer = z.object({
  id: z.string(),
  kind: z.enum(REQUEST_KINDS),
  regime: z.enum(REGIMES),
  state: z.enum(REQUEST_STATES),
  receivedAt: wireInstant('When it was filed.'),
  dueAt: wireInstant('Until when it has to be answered.'),
  isOverdue: z.boolean(),
  verifiedAt: wireInstant('When the person was verified.').nullable(),
  verificationMethod: z.enum(VERIFICATION_METHODS).nullable(),
  extensionReason: z.string().nullable(),
  finishedAt: wireInstant('When it ended.').nullable(),
  reason: z.string().nullable().meta({ description: 'Why it was refused, rejected or cancelled.' }),
  suppress: z.boolean(),
  steps: z.array(Step),
});

/** Path of one request. */
export const PrivacyRequestPath = z.strictObject({ id: wireId('Id of the request.') });

/** Query of GET /v1/privacy/requests. */
export const PrivacyRequestQuery = z.strictObject({
  state: z.enum(REQUEST_STATES).optional(),
  kind: z.enum(REQUEST_KINDS).optional(),
  customerId: CustomerId.optional(),
  ...pageQuery(),
});
export const PrivacyRequestPage = pageOf(PrivacyRequestAnswer);

/** Bodies of the moves. */
export const RejectBody = z.strictObject({ reason: z.enum(REJECTIONS) });
export const ReasonBody = z.strictObject({
  reason: plainText(500, 'Why; told to the person, no personal data.'),
});

/** The evidence of a request. */
export const EvidenceAnswer = z.object({
  request: PrivacyRequestAnswer,
  audit: z.object({
    seq: z.int().meta({ description: 'Audit record of the last change.' }),
    record: z.string().meta({ description: 'Its canonical JSON.' }),
    inclusionProof: z.string().meta({ description: 'Where its proof is had.' }),
  }),
  evidenceSha256: z
    .string()
    .meta({ description: 'Of the canonical JSON of `request` and `audit`.' }),
});

/** An export. */
export const ExportAnswer = z.object({
  requestId: z.string(),
  generatedAt: wireInstant('When it was read out of the services.'),
  expiresAt: wireInstant('Until when it can be had.'),
  services: z.record(z.string(), z.record(z.string(), z.array(z.unknown()))),
});

/** Legal holds. */
export const LegalHoldBody = z.strictObject({
  id: wireId('Your id of the legal hold.'),
  customerId: CustomerId,
  matter: plainText(200, 'Where the duty comes from, e.g. a case number; no personal data.'),
});
export const LegalHoldPath = z.strictObject({ id: wireId('Id of the legal hold.') });
export const LegalHoldQuery = z.strictObject({ ...pageQuery() });
export const LegalHoldAnswer = z.object({
  id: z.string(),
  matter: z.string(),
  isActive: z.boolean(),
  placedBy: z.string(),
  placedAt: wireInstant('When it was placed.'),
  releasedBy: z.string().nullable(),
  releasedAt: wireInstant('When it was released.').nullable(),
});
export const LegalHoldPage = pageOf(LegalHoldAnswer);
