import { pageOf, pageQuery, wireCurrency, wireId, wireInstant, wireMicros } from '@kiki/http';
import { z } from 'zod';
import { MAX_BATCH } from '../../application/ledger.js';
import { batchOf, ItemError } from './shared.schema.js';

const ReportBody = z.strictObject({
  source: wireId('The platform, e.g. `google_ads`.'),
  account: wireId('Its account, where there are several.').optional(),
  campaignRef: wireId(
    "The platform's campaign; without it the report is of all the account.",
  ).optional(),
  day: z.iso
    .date()
    .optional()
    .meta({
      description: 'Local date of what was spent; or `from` and `to`.',
      examples: ['2026-01-31'],
    }),
  timeZone: z.string().max(64).optional().meta({
    description: "IANA time zone of `day`, as the platform's account has it; UTC by default.",
  }),
  from: wireInstant('Begin of what was spent, instead of a day.').optional(),
  to: wireInstant('Its end (exclusive), at most 31 days later.').optional(),
  amountMicros: wireMicros({
    description:
      'Spent in the whole interval so far: cumulative, replaces what was reported before.',
  }),
  currency: wireCurrency(),
  version: z
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: 'Of two reports of the same key the larger holds; or `reportedAt`.' }),
  reportedAt: wireInstant('When the platform said so, instead of a version.').optional(),
  isCoveredByHolds: z.boolean().default(false).meta({
    description:
      'The same money is held and captured here: it is kept for comparison, and counts nothing.',
  }),
});

/** Body of POST /v1/budgets/{id}/external-spend. */
export const ExternalSpendBody = z.strictObject({ reports: batchOf(ReportBody, MAX_BATCH) });

const ReportStatus = z.enum(['recorded', 'unchanged', 'superseded', 'failed']);

/** Answer of POST /v1/budgets/{id}/external-spend. */
export const ExternalSpendAnswer = z.object({
  results: z.array(
    z.object({
      status: ReportStatus.meta({
        description: '`superseded`: a larger version of the key was reported; nothing changed.',
      }),
      deltaMicros: wireMicros({
        min: -Number.MAX_SAFE_INTEGER,
        description:
          'What it changed of what counts; negative when less was spent than reported before.',
      }),
      entryId: z.string().nullable().meta({ description: 'Its entry in the ledger.' }),
      overMicros: wireMicros({ description: 'How far a cap was above its limit right after.' }),
      error: ItemError.nullable(),
    }),
  ),
});

/** Query of GET /v1/budgets/{id}/external-spend. */
export const ExternalSpendQuery = z.strictObject({
  ...pageQuery(),
  source: wireId('Only this platform.').optional(),
});

/** What is known of one key. */
export const ExternalTotalAnswer = z.object({
  source: z.string(),
  account: z.string().nullable(),
  campaignRef: z.string().nullable(),
  day: z.string().nullable(),
  timeZone: z.string().nullable(),
  from: wireInstant('Begin of what was spent.'),
  to: wireInstant('Its end (exclusive).'),
  currency: wireCurrency(),
  amountMicros: wireMicros({ description: 'As reported last.' }),
  countedMicros: wireMicros({ description: 'What of it counts against the caps.' }),
  isCoveredByHolds: z.boolean(),
  version: z.int(),
  reports: z.int().meta({ description: 'Versions that were taken.' }),
  firstReportedAt: wireInstant('When it was reported first.'),
  lastReportedAt: wireInstant('When it was reported last.'),
});

/** A page of keys, the newest first. */
export const ExternalSpendPage = pageOf(ExternalTotalAnswer);
