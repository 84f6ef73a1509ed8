import { wireInstant } from '@kiki/http';
import { z } from 'zod';
import type { RawEvent } from '../../domain/event.js';

/** Most events in one batch. */
export const MAX_BATCH_EVENTS = 1_000;
/** Largest batch, bytes of JSON. */
export const MAX_BATCH_BYTES = 500 * 1024;

const MAX_CUSTOMER_ID = 128;
const EARLIEST_MS = Date.UTC(1970, 0, 1);
const LATEST_MS = Date.UTC(9999, 11, 31);

/** Clients send ids as text or as numbers, and null for none. */
const looseId = (max: number, description: string) =>
  z
    .union([z.string().trim(), z.number().transform(String)])
    .nullish()
    .transform((id) => (id == null || id === '' ? undefined : id))
    .refine(
      (id) => id === undefined || (id.length <= max && !/\p{Cc}/u.test(id)),
      `at most ${max} characters, none of them a control character`,
    )
    .meta({ description });

const looseObject = (description: string) =>
  z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((members) => members ?? {})
    .meta({ description });

const expectedInstant = 'RFC 3339 with a zone such as 2026-01-31T12:00:00Z, from 1970 on';
const looseInstant = (description: string) =>
  z
    .string({ error: expectedInstant })
    .nullish()
    .transform((text, context) => {
      if (text == null) return undefined;
      const at = new Date(text);
      const isInstant = /^\d{4}-\d\d-\d\d(T.*)?$/.test(text) && !Number.isNaN(at.getTime());
      if (isInstant && at.getTime() >= EARLIEST_MS && at.getTime() <= LATEST_MS) return at;
      context.addIssue({
        code: 'custom',
        message: expectedInstant,
        params: { code: 'timestamp_invalid' },
      });
      return z.NEVER;
    })
    .meta({ type: 'string', format: 'date-time', description });

const common = {
  messageId: looseId(100, 'Names the event: the same id again changes nothing.'),
  userId: looseId(MAX_CUSTOMER_ID, 'The customer; not an e-mail address.'),
  anonymousId: looseId(MAX_CUSTOMER_ID, 'The visitor, before anybody knows the customer.'),
  timestamp: looseInstant('When it happened, by the clock of the sender; default: now.'),
  originalTimestamp: looseInstant('The same, as some clients call it.'),
  sentAt: looseInstant('When it was sent, by the same clock; corrects a clock that is off.'),
};

/** Body of POST /v1/identify; unknown members are ignored. */
export const IdentifyBody = z.looseObject({
  ...common,
  traits: looseObject(
    'What is known; `email` is kept apart, `unsubscribed: true` is an objection.',
  ),
});

/** Body of POST /v1/track; unknown members are ignored. */
export const TrackBody = z.looseObject({
  ...common,
  event: z.string().min(1).max(200).meta({ description: 'e.g. `Order Completed`.' }),
  properties: looseObject('Of an order: `order_id`, `revenue` or `total`, `currency`.'),
});

/** Body of POST /v1/batch; unknown members are ignored. */
export const BatchBody = z.looseObject({
  batch: z
    .array(z.unknown())
    .min(1)
    .meta({ description: `1 to ${MAX_BATCH_EVENTS} events with \`type\` identify or track.` }),
  sentAt: looseInstant('For events without their own.'),
});

const ItemProblem = z.object({
  index: z.int().meta({ description: 'Place in the batch, from 0.' }),
  messageId: z.string().nullable(),
  code: z.string(),
  field: z.string(),
  expected: z.string(),
});

/** Answer of the three intake routes: every event is accepted, a duplicate, or an error. */
export const IngestAnswer = z.object({
  success: z.boolean().meta({ description: 'False when an event was refused.' }),
  accepted: z.int(),
  duplicates: z.int().meta({ description: 'Events known by their message id; nothing changed.' }),
  errors: z.array(ItemProblem).meta({ description: 'Events that were refused.' }),
  warnings: z.array(ItemProblem).meta({ description: 'What was left out of accepted events.' }),
});

/** Answer of GET /v1/outbox. */
export const OutboxAnswer = z.object({
  pending: z.int().meta({ description: 'Orders that SyncValue has not answered for.' }),
  rejected: z.int().meta({ description: 'Orders that SyncValue refused.' }),
  oldestAt: wireInstant('When the oldest pending order came in.').nullable(),
});

/** An identify as the domain reads it. */
export function fromIdentify(body: z.infer<typeof IdentifyBody>): RawEvent {
  return { type: 'identify', ...commonOf(body), data: body.traits };
}

/** A track as the domain reads it. */
export function fromTrack(body: z.infer<typeof TrackBody>): RawEvent {
  return { type: 'track', ...commonOf(body), event: body.event, data: body.properties };
}

type Common = z.infer<z.ZodObject<typeof common>>;

function commonOf(body: Common): Omit<RawEvent, 'type' | 'data'> {
  const timestamp = body.originalTimestamp ?? body.timestamp;
  return {
    ...(body.messageId === undefined ? {} : { messageId: body.messageId }),
    ...(body.userId === undefined ? {} : { userId: body.userId }),
    ...(body.anonymousId === undefined ? {} : { anonymousId: body.anonymousId }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(body.sentAt === undefined ? {} : { sentAt: body.sentAt }),
  };
}
