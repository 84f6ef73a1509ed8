import { pageOf, pageQuery, wireId, wireInstant } from '@kiki/http';
import { z } from 'zod';
import { plainText } from './shared.schema.js';

/** Body of POST /v1/kill-switch. */
export const KillSwitchBody = z.strictObject({
  budgetId: wireId(
    'Stops a budget and everything below it; the whole tenant by default.',
  ).optional(),
  reason: plainText(500, 'Why; no personal data.'),
});

/** Body of POST /v1/kill-switch/{id}/lift. */
export const LiftBody = z.strictObject({ reason: plainText(500, 'Why; no personal data.') });

/** A kill switch. */
export const KillSwitchAnswer = z.object({
  id: z.string(),
  budgetId: z.string().nullable().meta({ description: 'Null stops the whole tenant.' }),
  isActive: z.boolean(),
  reason: z.string(),
  setBy: z.string(),
  setAt: wireInstant('From when on nothing of its scope is approved.'),
  liftReason: z.string().nullable(),
  liftedBy: z.string().nullable(),
  liftedAt: wireInstant('When it was lifted; null while it is on.').nullable(),
});

/** Path of one kill switch. */
export const KillSwitchPath = z.strictObject({ id: wireId('Id of the kill switch.') });

/** Query of GET /v1/kill-switch. */
export const KillSwitchQuery = z.strictObject({
  isActive: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'Only those that are on, or only those that were lifted.' }),
  ...pageQuery(),
});

/** Answer of GET /v1/kill-switch. */
export const KillSwitchPage = pageOf(KillSwitchAnswer);
