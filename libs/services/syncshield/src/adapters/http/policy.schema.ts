import { pageOf, pageQuery, wireInstant, wireMicros } from '@kiki/http';
import { z } from 'zod';
import { MAX_DRY_RUN_DAYS, MAX_DRY_RUN_DECISIONS } from '../../application/dry-run.js';
import { PolicyBody } from './rule.schema.js';
import { plainText } from './shared.schema.js';

/** Body of PUT /v1/policy. */
export const PolicyPut = z.strictObject({
  policy: PolicyBody,
  expectedVersion: z.int().min(0).optional().meta({
    description: 'The version the change was made on, 0 for none; or the header If-Match.',
  }),
  comment: plainText(500, 'For people; no personal data.').optional(),
});

/** A version of the policy. */
export const PolicyAnswer = z.object({
  version: z.int(),
  policy: PolicyBody,
  comment: z.string().nullable(),
  createdBy: z.string(),
  createdAt: wireInstant('From when on it was in force.'),
  approvalId: z.string().nullable().meta({ description: 'The approval it came in by.' }),
});

/** Path of one version. */
export const VersionPath = z.strictObject({
  version: z.coerce
    .number({ error: 'a whole number' })
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .meta({ type: 'integer', minimum: 1 }),
});

/** Query of GET /v1/policy/versions. */
export const VersionQuery = z.strictObject(pageQuery({ max: 100, default: 20 }));

/** Answer of GET /v1/policy/versions. */
export const VersionPage = pageOf(PolicyAnswer);

/** Body of POST /v1/policy/dry-run. */
export const DryRunBody = z.strictObject({
  policy: PolicyBody,
  days: z
    .int()
    .min(1)
    .max(MAX_DRY_RUN_DAYS)
    .default(7)
    .meta({ description: 'Decisions of the last so many days are judged.' }),
  maxDecisions: z
    .int()
    .min(1)
    .max(MAX_DRY_RUN_DECISIONS)
    .default(200_000)
    .meta({ description: 'Stops after about so many; also after 20 s.' }),
});

const Tally = z.object({
  count: z.int(),
  micros: z
    .record(z.string(), wireMicros())
    .meta({ description: 'What was asked for, by currency.' }),
});

/** Answer of POST /v1/policy/dry-run. */
export const DryRunAnswer = z.object({
  from: wireInstant('From where decisions were judged.'),
  to: wireInstant('Until where.'),
  isComplete: z.boolean().meta({ description: 'False when a bound was reached before now.' }),
  decisions: z.int(),
  approvedThen: Tally,
  deniedThen: Tally,
  newlyDenied: Tally.meta({ description: 'Approved then, denied by this policy.' }),
  noLongerDenied: Tally.meta({
    description: 'Denied by a policy then and by none of these rules; caps are not asked again.',
  }),
  rules: z.array(
    z.object({
      ruleId: z.string(),
      kind: z.string(),
      denied: Tally.meta({ description: 'Denied by it as the first rule.' }),
      newlyDenied: Tally,
      learning: z.int().meta({ description: 'Passed because too little is learned.' }),
      examples: z.array(z.string()).meta({ description: 'Ids of some newly denied holds.' }),
      newValues: z
        .array(z.object({ value: z.string(), count: z.int() }))
        .meta({ description: 'Values it does not know, the most frequent ones first.' }),
    }),
  ),
  notes: z.array(z.string()).meta({ description: 'What was taken as it is now.' }),
});
