import { wireInstant } from '@kiki/http';
import { z } from 'zod';
import { RETENTION_CATEGORIES } from '../../domain/privacy/retention.js';

const Category = z.enum(RETENTION_CATEGORIES);
const KeepDays = z.int().min(1).max(36_500).meta({ description: 'Days that it is kept.' });

/** Body of PUT /v1/privacy/retention. */
export const RetentionBody = z.strictObject({ category: Category, keepDays: KeepDays });

/** Rules in force. */
export const RetentionAnswer = z.object({
  rules: z.array(
    z.object({
      category: Category,
      keepDays: KeepDays,
      what: z.string().meta({ description: 'What goes after that.' }),
      isStoppedByLegalHold: z
        .boolean()
        .meta({ description: 'Nothing goes while the tenant has a legal hold.' }),
      changedBy: z.string().nullable(),
      changedAt: wireInstant('When it was changed; null: the default.').nullable(),
    }),
  ),
});

/** Body of POST /v1/privacy/retention/run. */
export const RetentionRunBody = z.strictObject({
  dryRun: z.boolean().default(true).meta({ description: 'Only count.' }),
});

/** What a sweep did, or would do. */
export const RetentionRunAnswer = z.object({
  dryRun: z.boolean(),
  results: z.array(
    z.object({
      category: Category,
      keepDays: KeepDays,
      before: wireInstant('What is older goes.'),
      rows: z.int(),
      isHeld: z.boolean().meta({ description: 'Stopped by a legal hold.' }),
    }),
  ),
});
