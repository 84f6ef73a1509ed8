import type { StoredEvent } from '../../domain/money-out/event.js';

/** Which part of the feed. */
export interface EventFilter {
  /** The number of the last event that is known; 0 from the beginning. */
  readonly after: bigint;
  readonly limit: number;
  readonly types?: readonly string[] | undefined;
  readonly budgetId?: string | undefined;
}

/** Events that were found, and where the feed ends now. */
export interface EventPage {
  readonly items: readonly StoredEvent[];
  /** Where to go on: nothing that matches lies before it. */
  readonly next: bigint;
  readonly lastSeq: bigint;
}

/** What happened to budgets, in order of commit, for anybody who wants to follow. */
export abstract class Events {
  /** Events behind `after`, oldest first. */
  abstract read(tenant: string, filter: EventFilter): Promise<EventPage>;
}
