import { pageOf, pageQuery, wireCurrency, wireId, wireInstant, wireMicros } from '@kiki/http';
import { z } from 'zod';
import { MAX_CAPS } from '../../domain/budget.js';
import { CapKindText, plainText } from './shared.schema.js';

/** A cap as it is set; which fields a kind has is checked by the rules (`cap_invalid`). */
export const CapBody = z.strictObject({
  id: wireId(
    'Unique within the budget; the kind by default, numbered when there are several.',
  ).optional(),
  kind: CapKindText,
  limitMicros: wireMicros({ description: 'Never more than this is spent and held together.' }),
  timeZone: z
    .string()
    .max(64)
    .optional()
    .meta({ description: 'IANA time zone of a calendar_day, UTC by default.' }),
  windowMs: z.int().optional().meta({ description: 'Length of a sliding_window, milliseconds.' }),
});

const caps = z.array(CapBody).max(MAX_CAPS);

/** Body of POST /v1/budgets. */
export const BudgetBody = z.strictObject({
  id: wireId('Your id of the budget: the same body again returns the budget as it is.'),
  parentId: wireId('Budget above it, of the same currency.').optional(),
  name: plainText(200, 'For people.'),
  currency: wireCurrency(),
  caps,
});

/** Body of PUT /v1/budgets/{id}/caps. */
export const CapsBody = z.strictObject({ caps });

/** A cap with what it counts now. */
export const CapAnswer = z.object({
  id: z.string(),
  kind: CapKindText,
  limitMicros: wireMicros(),
  timeZone: z.string().nullable(),
  windowMs: z.int().nullable(),
  spentMicros: wireMicros({ description: 'Spent in its day, its window, or ever.' }),
  heldMicros: wireMicros({ description: 'Held likewise.' }),
  headroomMicros: wireMicros({ description: 'What it still has room for.' }),
});

/** A budget with what it and everything below it spent and holds. */
export const BudgetAnswer = z.object({
  id: z.string(),
  parentId: z.string().nullable(),
  name: z.string(),
  currency: wireCurrency(),
  isPaused: z.boolean(),
  spentMicros: wireMicros(),
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
