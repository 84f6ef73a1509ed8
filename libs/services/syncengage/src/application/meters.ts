import type { EngageEvent } from '../domain/event.js';
import type { MessageState } from '../domain/message.js';

/** Counts what comes in. */
export abstract class IntakeMeter {
  abstract taken(
    events: readonly EngageEvent[],
    counts: { readonly accepted: number; readonly duplicates: number; readonly errors: number },
  ): void;
}

/** Counts what goes out. */
export abstract class DeliveryMeter {
  abstract decided(state: MessageState | 'retried', reason?: string): void;
}
