import { wireId, wireInstant } from '@kiki/http';
import { z } from 'zod';

/** Path of a profile. */
export const ProfilePath = z.strictObject({ id: wireId('Id of the customer.') });

/** Where a customer stands by P(alive). */
export const MembershipAnswer = z.object({
  name: z.enum(['active', 'at_risk', 'lost', 'unknown']),
  aliveProbability: z.number().nullable(),
  reason: z.string().nullable().meta({ description: 'Why there is no probability.' }),
  modelVersion: z.string().nullable(),
  evaluatedAt: wireInstant('When SyncValue was asked.'),
});

/** A profile with the address, which only SyncEngage knows. */
export const ProfileAnswer = z.object({
  customerId: z.string(),
  email: z.string().nullable(),
  traits: z.record(z.string(), z.unknown()),
  subscription: z.enum(['unknown', 'subscribed', 'unsubscribed']),
  subscriptionAt: wireInstant('When they said so.').nullable(),
  firstSeenAt: wireInstant('Of the oldest event.'),
  lastSeenAt: wireInstant('Of the newest event.'),
  segment: MembershipAnswer.nullable(),
});

/** Body of PUT /v1/profiles/{id}/subscription. */
export const SubscriptionBody = z.strictObject({
  status: z.enum(['subscribed', 'unsubscribed']),
  proof: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'What shows it, e.g. the id of a form that was sent.' }),
});

/** Answer of PUT /v1/profiles/{id}/subscription. */
export const SubscriptionAnswer = z.object({
  customerId: z.string(),
  status: z.enum(['subscribed', 'unsubscribed']),
  isChanged: z.boolean(),
});

/** A cap on messages to one customer. */
export const FrequencyCapBody = z.strictObject({
  maxMessages: z.int().min(0).max(1_000),
  windowMs: z
    .int()
    .min(1_000)
    .max(366 * 86_400_000)
    .meta({ description: 'Milliseconds.' }),
});
