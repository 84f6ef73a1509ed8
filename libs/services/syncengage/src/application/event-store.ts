import type { EngageEvent } from '../domain/event.js';

/** What storing a batch did. */
export interface StoredEvents {
  /** Ids that were known before; nothing of them was stored again. */
  readonly duplicates: ReadonlySet<string>;
  /** Orders put on their way to SyncValue. */
  readonly orders: number;
}

/** What the browser that sent events asks for. */
export interface BrowserSignals {
  /** `Sec-GPC: 1`: no sale, no sharing. */
  readonly isGpc: boolean;
}

/**
 * Events, the profiles they amount to, and their orders in the outbox: all of a batch or nothing.
 */
export abstract class EventStore {
  /**
   * Stores events with distinct message ids in one transaction, and what the browser asks for their customers.
   * @throws unavailable, commit_unknown; the same call again then has one effect
   */
  abstract store(
    tenant: string,
    events: readonly EngageEvent[],
    receivedAt: Date,
    browser?: BrowserSignals,
  ): Promise<StoredEvents>;
}
