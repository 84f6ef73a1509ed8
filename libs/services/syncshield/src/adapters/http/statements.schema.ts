import { isTimeZone } from '@kiki/kernel';
import { wireCurrency, wireInstant, wireMicros } from '@kiki/http';
import { z } from 'zod';

const MAX_DAYS = 400;
const DAY_MS = 86_400_000;

const range = { from: wireInstant('Begin.'), to: wireInstant('End (exclusive).') };
const isOrdered = ({ from, to }: { from?: string | undefined; to?: string | undefined }): boolean =>
  from === undefined || to === undefined || Date.parse(from) < Date.parse(to);
const afterFrom = { path: ['to'], error: 'an instant after from' };

/** Query of GET /v1/budgets/{id}/statement. */
export const StatementQuery = z
  .strictObject({
    ...range,
    timeZone: z
      .string()
      .max(64)
      .refine(isTimeZone, 'an IANA time zone such as Europe/Berlin')
      .default('UTC')
      .meta({ description: 'IANA time zone that days are of.' }),
  })
  .refine(isOrdered, afterFrom)
  .refine(({ from, to }) => Date.parse(to) - Date.parse(from) <= MAX_DAYS * DAY_MS, {
    ...{ path: ['to'], error: `at most ${MAX_DAYS} days after from` },
  });

const signed = (description: string) => wireMicros({ min: -Number.MAX_SAFE_INTEGER, description });

/** Answer of GET /v1/budgets/{id}/statement. */
export const StatementAnswer = z.object({
  ...{ budgetId: z.string(), currency: wireCurrency(), timeZone: z.string() },
  ...{ from: wireInstant('Begin.'), to: wireInstant('End (exclusive).') },
  openingMicros: signed('Spent before.'),
  days: z.array(
    z.object({
      day: z.string().meta({ description: 'Local date of the booking.' }),
      capturedMicros: wireMicros(),
      lateMicros: wireMicros({ description: 'Real spend that no hold covered.' }),
      refundedMicros: wireMicros(),
      externalMicros: signed('What platforms reported; restated downwards it is negative.'),
      correctionMicros: signed('Corrections by hand.'),
      netMicros: signed('captured + late - refunded + external + correction.'),
    }),
  ),
  closingMicros: signed('Spent after: opening and every net.'),
  position: z
    .object({
      asOf: wireInstant('When everything stood so.'),
      spentMicros: signed('Spent in all.'),
      heldMicros: wireMicros(),
      caps: z.array(
        z.object({
          capId: z.string(),
          limitMicros: wireMicros({
            description: 'What is enforced; limit + excess = spent + held + free.',
          }),
          spentMicros: signed('Spent in its window.'),
          heldMicros: wireMicros(),
          freeMicros: wireMicros(),
          excessMicros: wireMicros({ description: 'How far real spend is above the limit.' }),
        }),
      ),
    })
    .meta({ description: 'Where everything stands now.' }),
});

/** Query of GET /v1/budgets/{id}/export. */
export const ExportQuery = z
  .strictObject({
    kind: z.enum(['holds', 'settlements', 'entries']),
    format: z.enum(['ndjson', 'csv']).default('ndjson'),
    from: wireInstant('Only what was decided, settled or recorded from then on.').optional(),
    to: wireInstant('Until then (exclusive).').optional(),
  })
  .refine(isOrdered, afterFrom);
