import { wireInstant } from '@kiki/http';
import { z } from 'zod';

/** One evaluation of all profiles. */
export const RefreshAnswer = z.object({
  refreshId: z.string(),
  state: z.enum(['queued', 'running', 'done', 'failed']),
  reason: z.string().nullable().meta({ description: 'Why it failed, e.g. `unavailable`.' }),
  modelVersion: z.string().nullable(),
  evaluated: z.int().meta({ description: 'Profiles that were looked at.' }),
  requestedAt: wireInstant('When it was asked for.'),
  finishedAt: wireInstant('When it ended.').nullable(),
});

/** Answer of GET /v1/segments. */
export const SegmentsAnswer = z.object({
  segments: z.array(
    z.object({
      segment: z.enum(['active', 'at_risk', 'lost', 'unknown']),
      customers: z.int(),
      oldestEvaluatedAt: wireInstant('The oldest evaluation among them.'),
      modelVersions: z.array(z.string()),
    }),
  ),
  isFresh: z
    .boolean()
    .meta({ description: 'Whether a journey may rely on them without asking SyncValue again.' }),
  latestRefresh: RefreshAnswer.nullable(),
});

/** Path of a refresh. */
export const RefreshPath = z.strictObject({ id: z.uuid().meta({ description: 'Id of it.' }) });
