import { wireId, wireInstant } from '@kiki/http';
import { z } from 'zod';
import { EVENT_TYPES } from '../../domain/money-out/event.js';
import { MAX_PERCENT, MAX_PERCENTS } from '../../domain/money-out/crossing.js';

/** What can happen. */
export const EventTypeText = z.enum(EVENT_TYPES);

const place = (description: string) =>
  z.coerce
    .number({ error: 'a whole number from 0' })
    .refine((value) => Number.isSafeInteger(value) && value >= 0, 'a whole number from 0')
    .meta({ type: 'integer', minimum: 0, description });

/** Query of GET /v1/events. */
export const EventsQuery = z.strictObject({
  after: place('`seq` of the last event that is known; 0 is the beginning.').default(0),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(100)
    .meta({
      ...{ type: 'integer', minimum: 1, maximum: 1_000, description: 'Events per answer.' },
    }),
  types: z
    .string()
    .max(500)
    .optional()
    .transform((text) => text?.split(','))
    .pipe(z.array(EventTypeText).optional())
    .meta({ type: 'string', description: 'Only these types, separated by commas.' }),
  budgetId: wireId('Only events about this budget.').optional(),
});

/** An event. */
export const EventAnswer = z.object({
  id: z
    .string()
    .meta({ description: 'Unique within the tenant; a repeated delivery has the same.' }),
  seq: z.int().meta({ description: 'Dense and in the order of commit.' }),
  type: EventTypeText,
  budgetId: z.string().nullable(),
  occurredAt: wireInstant('When it was committed, by the clock of the store.'),
  data: z.record(z.string(), z.unknown()).meta({ description: 'By type; see the README.' }),
});

/** Answer of GET /v1/events. */
export const EventsAnswer = z.object({
  items: z.array(EventAnswer),
  next: z.int().meta({ description: 'What to ask for as `after` next, also when nothing came.' }),
  lastSeq: z.int().meta({ description: 'The newest event of the tenant.' }),
});

const percent = z.int('a whole percentage').min(1).max(MAX_PERCENT);

/** Body of PUT /v1/budgets/{id}/thresholds. */
export const ThresholdsBody = z.strictObject({
  percents: z
    .array(percent)
    .max(MAX_PERCENTS)
    .refine((list) => new Set(list).size === list.length, {
      error: 'each percentage once',
      params: { code: 'thresholds_invalid' },
    })
    .meta({ description: 'Shares of each limit of the budget that are told; none: nothing is.' }),
});

/** The thresholds of a budget. */
export const ThresholdsAnswer = z.object({
  budgetId: z.string(),
  percents: z.array(z.int()),
  isDefault: z.boolean(),
});
