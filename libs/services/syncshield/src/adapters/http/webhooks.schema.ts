import { pageOf, pageQuery, wireId, wireInstant } from '@kiki/http';
import { z } from 'zod';
import { EventTypeText } from './events.schema.js';

const settings = {
  url: z
    .string()
    .min(1)
    .max(2_000)
    .meta({
      description: 'https on port 443 of the open internet; redirects are not followed.',
      examples: ['https://hooks.example.test/kiki'],
    }),
  types: z
    .array(EventTypeText)
    .min(1)
    .optional()
    .meta({ description: 'Which events; all by default.' }),
  budgetIds: z.array(wireId('Id of a budget.')).min(1).max(1_000).optional().meta({
    description: 'Only events about these budgets; all, and those of the tenant, by default.',
  }),
};

/** Body of POST /v1/webhooks. */
export const WebhookBody = z.strictObject({
  id: wireId('Your id of the webhook: the same body again returns it.'),
  ...settings,
});

/** Body of PUT /v1/webhooks/{id}. */
export const WebhookSettings = z.strictObject(settings);

/** Path of one webhook. */
export const WebhookPath = z.strictObject({ id: wireId('Id of the webhook.') });

/** A webhook. */
export const WebhookAnswer = z.object({
  id: z.string(),
  url: z.string(),
  types: z.array(EventTypeText).nullable(),
  budgetIds: z.array(z.string()).nullable(),
  isEnabled: z.boolean(),
  disabledReason: z.string().nullable().meta({
    description:
      '`requested`, `failing` (a delivery was given up, nothing got through) or `gone` (410).',
  }),
  failures: z.int().meta({ description: 'Attempts that failed since the last that did not.' }),
  secretVersion: z.int(),
  createdAt: wireInstant('When it was created.'),
});

/** A webhook with its secret, which is shown once. */
export const NewWebhookAnswer = WebhookAnswer.extend({
  secret: z.string().nullable().meta({
    description: 'Signs what is sent (`kiki-signature`); null when it was shown before: rotate it.',
  }),
});

/** Answer of GET /v1/webhooks. */
export const WebhookList = z.object({ items: z.array(WebhookAnswer) });

const DeliveryState = z.enum(['pending', 'delivered', 'dead']);

/** Query of GET /v1/webhooks/{id}/deliveries. */
export const DeliveriesQuery = z.strictObject({ ...pageQuery(), state: DeliveryState.optional() });

/** One event on its way to one webhook. */
export const DeliveryAnswer = z.object({
  eventId: z.string(),
  seq: z.int(),
  type: z.string(),
  budgetId: z.string().nullable(),
  state: DeliveryState,
  attempts: z.int(),
  occurredAt: wireInstant('When it happened.'),
  nextAttemptAt: wireInstant('When it is tried (again).').nullable(),
  lastStatus: z.int().nullable().meta({ description: 'HTTP status of the last answer.' }),
  lastError: z.string().nullable(),
  settledAt: wireInstant('When it was delivered or given up.').nullable(),
});

/** A page of deliveries, newest first. */
export const DeliveryPage = pageOf(DeliveryAnswer);

/** Path of one delivery. */
export const DeliveryPath = z.strictObject({
  id: wireId('Id of the webhook.'),
  seq: z
    .string()
    .regex(/^[1-9]\d{0,15}$/, 'the number of an event')
    .meta({ description: '`seq` of the event.' }),
});
