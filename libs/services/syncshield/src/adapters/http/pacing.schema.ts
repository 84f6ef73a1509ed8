import { wireCurrency, wireId, wireInstant, wireMicros } from '@kiki/http';
import { z } from 'zod';
import { MAX_PARTS, MAX_WEIGHT } from '../../domain/money-out/plan.js';
import { CapKindText, CapMeasureText, nullableActions, nullableMicros } from './shared.schema.js';

const rate = (description: string) => wireMicros({ min: -Number.MAX_SAFE_INTEGER, description });

/** Body of PUT /v1/budgets/{id}/plan. */
export const PlanBody = z
  .strictObject({
    capId: wireId('The total or calendar cap whose limit is planned.'),
    weights: z
      .array(z.int().min(0).max(MAX_WEIGHT))
      .min(1)
      .max(MAX_PARTS)
      .refine((list) => list.some((weight) => weight > 0), 'at least one share above 0')
      .optional()
      .meta({
        description: 'Shares of equal parts of the window, e.g. 24 of a day; even without.',
      }),
    from: wireInstant('Begin of the plan, only of a total.').optional(),
    to: wireInstant('Its end (exclusive), only of a total.').optional(),
  })
  .refine(({ from, to }) => (from === undefined) === (to === undefined), {
    ...{ path: ['to'], error: 'both from and to, or neither' },
  })
  .refine(({ from, to }) => from === undefined || Date.parse(from) < Date.parse(to ?? ''), {
    ...{ path: ['to'], error: 'an instant after from' },
  });

const PlanAnswer = z.object({
  capId: z.string(),
  isDefault: z
    .boolean()
    .meta({ description: 'Nothing was set: the shortest calendar cap, evenly.' }),
  weights: z.array(z.int()).nullable(),
  from: wireInstant('Begin of the window.'),
  to: wireInstant('Its end (exclusive).'),
  limitMicros: wireMicros(),
  plannedMicros: wireMicros({ description: 'What should be spent by now.' }),
  spentMicros: rate('What is spent in the window.'),
  aheadMicros: rate('Spent less planned; negative when behind.'),
});

const PacedCapAnswer = z.object({
  budgetId: z.string(),
  capId: z.string(),
  kind: CapKindText,
  measure: CapMeasureText,
  limitMicros: nullableMicros('Its limit.'),
  spentMicros: rate('Spent in its window.').nullable(),
  heldMicros: nullableMicros('Held likewise.'),
  headroomMicros: nullableMicros('What it still has room for.'),
  limitActions: nullableActions('Most approved holds.'),
  usedActions: nullableActions('Holds approved in its window.'),
  headroomActions: nullableActions('Holds it still has room for.'),
  windowFrom: wireInstant('From when it counts.').nullable(),
  windowTo: wireInstant('Until when it counts (exclusive).').nullable(),
  projectedExhaustionAt: wireInstant('When nothing is left at this rate.').nullable(),
});

/** Answer of GET /v1/budgets/{id}/pacing. */
export const PacingAnswer = z.object({
  budgetId: z.string(),
  currency: wireCurrency(),
  asOf: wireInstant('The instant of the snapshot; everything that was committed before is in it.'),
  isPaused: z.boolean().meta({ description: 'It, or a budget above it, is paused.' }),
  spentMicros: rate('Spent in all, by it and everything below it.'),
  heldMicros: wireMicros(),
  ratePerHourMicros: rate('Robust: the trimmed mean of twelve parts of the last hour.'),
  burn: z.array(
    z.object({
      windowMs: z.int().meta({ description: 'The last so many milliseconds.' }),
      perHourMicros: rate('Spent in them, per hour.'),
    }),
  ),
  plan: PlanAnswer.nullable(),
  projectedExhaustion: z
    .object({
      at: wireInstant('When the first cap of the path has nothing left at this rate.'),
      ...{ budgetId: z.string(), capId: z.string() },
    })
    .nullable()
    .meta({ description: 'Null when every cap lasts beyond its window.' }),
  caps: z.array(PacedCapAnswer).meta({ description: 'All caps from the budget up to its root.' }),
});
