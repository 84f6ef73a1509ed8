/** What can happen that others are told. */
export const EVENT_TYPES = [
  'budget.threshold',
  'budget.breached',
  'budget.paused',
  'budget.resumed',
  'budget.caps_replaced',
  'kill_switch.set',
  'kill_switch.lifted',
  'webhook.disabled',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Something that happened, before it has a number. */
export interface NewEvent {
  readonly tenant: string;
  readonly type: EventType;
  /** The budget it is about; none: the tenant. */
  readonly budgetId?: string;
  readonly atMs: number;
  /** What happened, as JSON; no personal data. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event of the feed. */
export interface StoredEvent extends NewEvent {
  /** Dense within the tenant, in the order of commit. */
  readonly seq: bigint;
}

/** An event as it is delivered and listed. */
export interface EventMessage {
  /** Unique within the tenant: what a receiver recognises a repetition by. */
  readonly id: string;
  readonly seq: number;
  readonly type: EventType;
  readonly budgetId: string | null;
  readonly occurredAt: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The event on the wire. */
export function eventMessage(event: StoredEvent): EventMessage {
  return {
    id: `evt_${event.seq}`,
    seq: Number(event.seq),
    type: event.type,
    budgetId: event.budgetId ?? null,
    occurredAt: new Date(event.atMs).toISOString(),
    data: event.data,
  };
}
