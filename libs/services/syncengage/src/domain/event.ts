import { createHash } from 'node:crypto';
import { canonicalJson, ok, refuse, type Result } from '@kiki/kernel';
import { looksLikeEmail, normaliseEmail } from './email-address.js';
import { eventTime, type EventTiming } from './event-time.js';
import { isOrder, orderOf, type OrderTransaction } from './order.js';

/** An event as a Segment client sends it, its shape already checked. */
export interface RawEvent {
  readonly type: 'identify' | 'track';
  readonly messageId?: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly event?: string;
  /** Traits of an identify, properties of a track. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly timestamp?: Date;
  readonly sentAt?: Date;
}

/** An event as it is kept. */
export interface EngageEvent {
  readonly messageId: string;
  readonly type: 'identify' | 'track';
  readonly name?: string;
  readonly customerId?: string;
  readonly anonymousId?: string;
  /** Without the address. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly occurredAt: Date;
  readonly claimedAt?: Date;
  readonly timing: EventTiming;
  /** Normalised. */
  readonly email?: string;
  /** The traits object to mail. */
  readonly isObjection: boolean;
  readonly order?: OrderTransaction;
}

/** What is wrong with an event; the code is one of SyncEngage's errors. */
export interface EventProblem {
  readonly code:
    | 'event_invalid'
    | 'event_too_large'
    | 'customer_id_is_email'
    | 'email_invalid'
    | 'order_invalid';
  readonly field: string;
  readonly expected: string;
}

/** An event that was taken, and what of it was not. */
export interface TakenEvent {
  readonly event: EngageEvent;
  readonly warnings: readonly EventProblem[];
}

/** What holds for all events of one request. */
export interface IntakeRules {
  readonly receivedAt: Date;
  readonly defaultCurrency: string;
  /** Names an event that has neither an id nor a time. */
  readonly newId: () => string;
}

/** Largest event, bytes of JSON. */
export const MAX_EVENT_BYTES = 32 * 1024;

/**
 * Turns a client's event into ours. An address that cannot be one is left out with a warning, the
 * rest is kept.
 */
export function readEvent(raw: RawEvent, rules: IntakeRules): Result<TakenEvent, EventProblem> {
  const json = JSON.stringify(raw.data);
  const problem = shapeProblem(raw, json);
  if (problem !== undefined) return refuse(problem);
  const messageId = raw.messageId ?? derivedId(raw) ?? rules.newId();
  const order = orderOf({
    name: raw.type === 'track' ? raw.event : undefined,
    properties: raw.data,
    messageId,
    defaultCurrency: rules.defaultCurrency,
  });
  if (order !== undefined && !isOrder(order)) return refuse({ code: 'order_invalid', ...order });
  const { email: address, ...data } = raw.type === 'identify' ? raw.data : { ...raw.data };
  const email = typeof address === 'string' ? normaliseEmail(address) : undefined;
  const isBadAddress = address != null && address !== '' && email === undefined;
  const event: EngageEvent = {
    messageId,
    type: raw.type,
    ...(raw.event === undefined ? {} : { name: raw.event }),
    ...(raw.userId === undefined ? {} : { customerId: raw.userId }),
    ...(raw.anonymousId === undefined ? {} : { anonymousId: raw.anonymousId }),
    data: raw.type === 'identify' ? data : raw.data,
    ...eventTime({ receivedAt: rules.receivedAt, ...timesOf(raw) }),
    ...(raw.type === 'identify' && email !== undefined ? { email } : {}),
    isObjection: raw.type === 'identify' && raw.data['unsubscribed'] === true,
    ...(order === undefined ? {} : { order }),
  };
  return ok({ event, warnings: raw.type === 'identify' && isBadAddress ? [BAD_ADDRESS] : [] });
}

const BAD_ADDRESS: EventProblem = {
  code: 'email_invalid',
  field: 'traits.email',
  expected: 'one address such as name@example.test',
};

function shapeProblem(raw: RawEvent, json: string): EventProblem | undefined {
  const invalid = (field: string, expected: string): EventProblem => ({
    code: 'event_invalid',
    field,
    expected,
  });
  if (raw.userId === undefined && raw.anonymousId === undefined) {
    return invalid('userId', 'userId or anonymousId');
  }
  if (raw.userId !== undefined && looksLikeEmail(raw.userId)) {
    return { code: 'customer_id_is_email', field: 'userId', expected: 'an id, not an address' };
  }
  if (raw.type === 'track' && raw.event === undefined) return invalid('event', 'a name');
  if (Buffer.byteLength(json) > MAX_EVENT_BYTES) {
    return { code: 'event_too_large', field: 'properties', expected: 'at most 32 KB of JSON' };
  }
  // PostgreSQL's jsonb takes neither NUL nor half a surrogate pair.
  if (/\\u0000|\\ud[89a-f]/.test(json)) {
    return invalid('properties', 'text without NUL and lone surrogates');
  }
  return undefined;
}

function timesOf(raw: RawEvent): { timestamp?: Date; sentAt?: Date } {
  return {
    ...(raw.timestamp === undefined ? {} : { timestamp: raw.timestamp }),
    ...(raw.sentAt === undefined ? {} : { sentAt: raw.sentAt }),
  };
}

/**
 * An event without an id but with a time is named by its content, so that sending it again changes
 * nothing.
 */
function derivedId(raw: RawEvent): string | undefined {
  if (raw.timestamp === undefined) return undefined;
  const { sentAt: _sentAt, ...content } = raw;
  return `sha256:${createHash('sha256').update(canonicalJson(content)).digest('hex')}`;
}
