import { pageOf, pageQuery, wireInstant, wireMicros } from '@kiki/http';
import { CHECK_IDS, FORMAT_IDS, STRATEGIES } from '@kiki/studio';
import { z } from 'zod';

const CheckAnswer = z.object({
  id: z.enum(CHECK_IDS),
  status: z.enum(['passed', 'failed', 'skipped']),
  measured: z.string(),
  expected: z.string(),
  detail: z.string().meta({ description: 'What to do about it, or why it was skipped.' }),
  box: z
    .object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
    .optional()
    .meta({ description: 'Where in the picture, pixels.' }),
});

/** One creative. */
export const CreativeAnswer = z.object({
  id: z.string(),
  jobId: z.string(),
  variant: z.enum(STRATEGIES).meta({ description: 'The strategy that it follows.' }),
  platform: z.enum(FORMAT_IDS),
  width: z.int(),
  height: z.int(),
  bytes: z.int(),
  contentType: z.string(),
  sha256: z
    .string()
    .meta({ description: 'Of the file; `kiki://objects/<sha256>` names it in requests.' }),
  imageUrl: z.string().meta({ description: 'Path of the file at this service.' }),
  perceptualHash: z.string(),
  passed: z.boolean().meta({ description: 'No check failed.' }),
  checks: z.array(CheckAnswer),
  texts: z.object({
    headline: z.string().optional(),
    body: z.string().optional(),
    brandName: z.string().optional(),
    cta: z.string().optional(),
  }),
  shortened: z
    .array(z.string())
    .meta({ description: 'Fields that were cut to the limit of the platform.' }),
  provenance: z.object({
    digitalSource: z.enum(['algorithmicMedia', 'compositeSynthetic']),
    seed: z.int(),
    photoSha256: z.string().nullable(),
    cropBy: z.enum(['saliency', 'fallback']).nullable(),
  }),
  attention: z
    .object({ headline: z.number(), cta: z.number(), model: z.string() })
    .nullable()
    .meta({
      description: 'Estimated share of attention, 0 to 1; null while the model is not available.',
    }),
  createdAt: wireInstant('When it was made.'),
});

const ValidationAnswer = z.object({
  sha256: z.string(),
  width: z.int(),
  height: z.int(),
  bytes: z.int(),
  contentType: z.string(),
  platform: z.enum(FORMAT_IDS),
  creativeId: z.string().nullable().meta({ description: 'Set when SyncCreate made the picture.' }),
  passed: z.boolean(),
  checks: z.array(CheckAnswer),
});

/** A job and, once it ended, what came of it. */
export const JobAnswer = z.object({
  id: z.string(),
  kind: z.enum(['generate', 'validate']),
  status: z
    .enum(['queued', 'running', 'done', 'failed', 'denied'])
    .meta({ description: '`denied`: the budget refused and nothing was made.' }),
  statusUrl: z.string().meta({ description: 'Path of this answer.' }),
  error: z
    .object({
      code: z.string(),
      detail: z.string(),
      fields: z.array(z.object({ field: z.string(), expected: z.string() })).optional(),
    })
    .nullable(),
  budget: z
    .object({
      budgetId: z.string(),
      holdId: z.string(),
      amountMicros: wireMicros(),
      currency: z.string(),
      state: z.enum(['asked', 'held', 'denied', 'captured', 'voided']),
      reason: z.string().nullable().meta({ description: 'The reason SyncShield gave.' }),
    })
    .nullable(),
  creatives: z.array(CreativeAnswer).meta({ description: 'As many as are finished.' }),
  validation: ValidationAnswer.nullable(),
  createdAt: wireInstant('When it was asked for.'),
  finishedAt: wireInstant('When it ended.').nullable(),
});

/** Path with a UUID. */
export const IdPath = z.strictObject({ id: z.uuid() });

/** Query of GET /api/v1/creatives. */
export const CreativesQuery = z.strictObject(pageQuery());

/** Answer of GET /api/v1/creatives. */
export const CreativePage = pageOf(CreativeAnswer);
