import { DAY_MS } from '@kiki/kernel';
import { z } from 'zod';
import { CapAnswer } from './budgets.schema.js';
import { HoldAnswer } from './holds.schema.js';
import { durationMs, plainText } from './shared.schema.js';

/** Answer of GET /v1/holds/{id}/why. */
export const WhyAnswer = z.object({
  hold: HoldAnswer,
  policyVersion: z
    .int()
    .nullable()
    .meta({ description: 'The policy it was judged by; null when none was in force.' }),
  rules: z.array(
    z.object({
      ruleId: z.string(),
      kind: z.string(),
      outcome: z.enum(['passed', 'denied', 'not_applicable', 'learning', 'not_reached']),
      values: z
        .record(z.string(), z.string())
        .meta({ description: 'What it compared; empty where that was not kept.' }),
    }),
  ),
  caps: z.array(
    z.object({
      budgetId: z.string(),
      isDenier: z.boolean().meta({ description: 'Its values then are in `hold.denial`.' }),
      now: CapAnswer,
    }),
  ),
});

/** Body of POST /v1/holds/{id}/appeal. */
export const AppealBody = z.strictObject({
  reason: plainText(200, 'Why it should pass; no personal data.'),
  forMs: durationMs(
    { min: 60_000, max: 30 * DAY_MS },
    'How long the exemption lasts from now on.',
  ).default(3_600_000),
});
