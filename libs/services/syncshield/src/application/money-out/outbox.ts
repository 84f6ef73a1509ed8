import type { StoredEvent } from '../../domain/money-out/event.js';
import type { Webhook } from '../../domain/money-out/webhook.js';

/** An event that this process has to deliver now; after the lease somebody else may. */
export interface Delivery {
  readonly event: StoredEvent;
  /** Undefined for the queue that SyncFlow works on. */
  readonly webhook: Webhook | undefined;
  /** This one included. */
  readonly attempt: number;
}

/** What became of an attempt. */
export interface DeliveryOutcome {
  readonly isDelivered: boolean;
  /** The HTTP status that was answered. */
  readonly status?: number;
  /** Why it failed, for people; never what the receiver said. */
  readonly error?: string;
  /** The receiver says that it is gone for good. */
  readonly isGone?: boolean;
}

/** An attempt, and when it is repeated. */
export interface AttemptedDelivery {
  readonly delivery: Delivery;
  readonly outcome: DeliveryOutcome;
  /** Undefined: it is given up. */
  readonly retryInMs: number | undefined;
}

/** What settling an attempt led to. */
export interface SettledDelivery {
  readonly state: 'delivered' | 'pending' | 'dead';
  readonly isDisabled: boolean;
}

/** How much is taken at once. */
export interface ClaimOptions {
  /** Receivers that this process is busy with. */
  readonly busy: ReadonlySet<string>;
  /** Most receivers. */
  readonly lanes: number;
  /** Most receivers to which the last attempt did not get through, within `lanes`. */
  readonly failingLanes: number;
  /** Most events of one receiver. */
  readonly perLane: number;
  /** How long they are this process's, milliseconds. */
  readonly leaseMs: number;
}

/** What waits for delivery, of all tenants. */
export interface OutboxTotals {
  readonly pending: number;
  readonly dead: number;
  /** For how long the oldest due one has been due, milliseconds. */
  readonly oldestMs: number;
}

/** What has to be delivered; any number of processes may share one. */
export abstract class Outbox {
  /** Takes due deliveries, of each receiver the earliest ones in order. */
  abstract claim(options: ClaimOptions): Promise<Delivery[]>;
  /** Settles attempts of one receiver in one transaction; the results are in their order. */
  abstract settle(attempts: readonly AttemptedDelivery[]): Promise<SettledDelivery[]>;
  /** Gives deliveries back that were not tried. */
  abstract release(deliveries: readonly Delivery[]): Promise<void>;
  abstract totals(): Promise<OutboxTotals>;
  /** Forgets events that are older, with the log of their deliveries; those that wait stay. */
  abstract prune(olderThanMs: number): Promise<void>;
  /** Resolves when there may be something to deliver, or the time is over. */
  abstract wait(forMs: number, signal: AbortSignal): Promise<void>;
}

/** Sends one event to one kind of receiver; failures are outcomes, not errors. */
export abstract class EventSender {
  abstract send(delivery: Delivery, signal: AbortSignal): Promise<DeliveryOutcome>;
}

/** Which receiver a delivery belongs to. */
export function laneOf({ event, webhook }: Delivery): string {
  return `${event.tenant} ${webhook?.id ?? ''}`;
}
