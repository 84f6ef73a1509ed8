import { pageOf, pageQuery, wireCurrency, wireId, wireInstant, wireMicros } from '@kiki/http';
import { z } from 'zod';
import { MAX_CAPS } from '../../domain/budget.js';
import {
  CapKindText,
  CapMeasureText,
  nullableActions,
  nullableMicros,
  plainText,
  wireSpent,
} from './shared.schema.js';

const actions = (description: string) =>
  z.int().min(0).max(Number.MAX_SAFE_INTEGER).meta({ description });

/** A cap as it is set; which fields a kind has is checked by the rules (`cap_invalid`). */
export const CapBody = z.strictObject({
  id: wireId(
    'Unique within the budget; the kind by default, numbered when there are several.',
  ).optional(),
  kind: CapKindText,
  limitMicros: wireMicros({
    description: 'Never more than this is spent and held together; of a rate per `windowMs`.',
  }).optional(),
  limitActions: actions('Instead of money: never more holds than this are approved.').optional(),
  timeZone: z
    .string()
    .max(64)
    .optional()
    .meta({ description: 'IANA time zone of a calendar cap, UTC by default.' }),
  windowMs: z
    .int()
    .optional()
    .meta({ description: 'Length of a sliding_window or a rate, milliseconds.' }),
  burst: actions('Most at once of a rate, micros or actions; its limit by default.').optional(),
  flexPercent: z
    .int()
    .optional()
    .meta({
      description:
        'A calendar_day may reach this share of its limit (100 to 1000), as ad platforms spend; needs a ' +
        'calendar_week or calendar_month cap beside it.',
    }),
});

const caps = z.array(CapBody).max(MAX_CAPS);

/** Body of POST /v1/budgets. */
export const BudgetBody = z.strictObject({
  id: wireId('Your id of the budget: the same body again returns the budget as it is.'),
  parentId: wireId('Budget above it, of the same currency.').optional(),
  name: plainText(200, 'For people.'),
  currency: wireCurrency(),
  caps,
  pausesOnExternal: z.boolean().default(false).meta({
    description: 'Whether external spend without room pauses it; late spend always does.',
  }),
});

/** Body of PUT /v1/budgets/{id}/caps. */
export const CapsBody = z.strictObject({ caps });

/** A cap with what it counts now. */
export const CapAnswer = z.object({
  id: z.string(),
  kind: CapKindText,
  measure: CapMeasureText.meta({ description: 'What it counts; the other amounts are null.' }),
  limitMicros: nullableMicros('Never more than this.'),
  timeZone: z.string().nullable(),
  windowMs: z.int().nullable(),
  spentMicros: wireSpent(
    'Spent in its day, week, month or window, or ever; used of a rate. Negative when more came back.',
  ).nullable(),
  heldMicros: nullableMicros('Held likewise.'),
  headroomMicros: nullableMicros('What it still has room for.'),
  limitActions: nullableActions('Most approved holds.'),
  usedActions: nullableActions('Holds approved in its day, week, month or window, or ever.'),
  headroomActions: nullableActions('Holds it still has room for.'),
  burst: z.int().nullable().meta({ description: 'Most at once of a rate, in its measure.' }),
  flexPercent: z.int().nullable(),
  windowFrom: wireInstant('From when it counts; null when for ever.').nullable(),
  windowTo: wireInstant('Until when it counts (exclusive); null when for ever.').nullable(),
});

/** A budget with what it and everything below it spent and holds. */
export const BudgetAnswer = z.object({
  id: z.string(),
  parentId: z.string().nullable(),
  name: z.string(),
  currency: wireCurrency(),
  isPaused: z.boolean(),
  pausesOnExternal: z.boolean(),
  spentMicros: wireSpent('Spent ever; negative when more came back.'),
  heldMicros: wireMicros(),
  caps: z.array(CapAnswer),
  createdAt: wireInstant('When it was created.'),
});

/** Path of one budget. */
export const BudgetPath = z.strictObject({ id: wireId('Id of the budget.') });

/** Query of GET /v1/budgets. */
export const BudgetQuery = z.strictObject(pageQuery());

/** Answer of GET /v1/budgets. */
export const BudgetPage = pageOf(BudgetAnswer);
