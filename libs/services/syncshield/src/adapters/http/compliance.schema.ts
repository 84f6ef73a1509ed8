import { wireInstant } from '@kiki/http';
import { z } from 'zod';

/** Query of GET /v1/compliance/report. */
export const ReportQuery = z.strictObject({
  from: wireInstant('First instant of the period.'),
  to: wireInstant('First instant after it; default: now.').optional(),
  format: z.enum(['json', 'html']).default('json'),
});

const Count = z.int();
const Named = z.array(z.object({ name: z.string(), count: Count }));
const Seconds = z.number().nullable();

/** The report as JSON. */
export const ReportAnswer = z.object({
  tenant: z.string(),
  from: wireInstant('First instant of the period.'),
  to: wireInstant('First instant after it.'),
  generatedAt: wireInstant('When it was made.'),
  requests: z.array(
    z.object({
      kind: z.string(),
      regime: z.string(),
      received: Count,
      completed: Count,
      rejected: Count,
      cancelled: Count,
      open: Count,
      late: Count.meta({ description: 'Ended after their deadline, or open beyond it.' }),
      medianSeconds: Seconds.meta({ description: 'From receipt to completion.' }),
      longestSeconds: Seconds,
    }),
  ),
  consents: Named.meta({ description: 'Records by action and purpose.' }),
  denials: Named.meta({ description: 'Denied holds by reason.' }),
  retention: z.array(z.object({ category: z.string(), runs: Count, rows: Count })),
  breaches: z.object({ opened: Count, closed: Count, open: Count }),
  killSwitches: z.object({ set: Count, lifted: Count, active: Count }),
  legalHolds: z.object({ placed: Count, released: Count, active: Count }),
  checkpoint: z.string().nullable().meta({ description: 'Newest signed head of the audit log.' }),
  retentionRules: z.array(z.object({ category: z.string(), keepDays: Count, what: z.string() })),
  processing: z
    .array(
      z.object({
        service: z.string(),
        isReachable: z.boolean(),
        stores: z.array(
          z.object({
            store: z.string(),
            subjects: z.string(),
            categories: z.array(z.string()),
            purpose: z.string(),
            basis: z.string(),
            retention: z.string(),
            onErase: z.string(),
          }),
        ),
      }),
    )
    .meta({ description: 'Record of processing activities (GDPR Art. 30), by service.' }),
});
