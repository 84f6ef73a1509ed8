import { uuidv7, type Clock, type Random } from '@kiki/kernel';
import type { EngageEvent, EventProblem, RawEvent } from '../domain/event.js';
import { readEvent } from '../domain/event.js';
import type { BrowserSignals, EventStore } from './event-store.js';
import type { IntakeMeter } from './meters.js';

/** A problem of one item of a batch. */
export interface ItemProblem extends EventProblem {
  readonly index: number;
  readonly messageId?: string;
}

/** What became of a batch: every item is accepted, a duplicate, or an error. */
export interface IngestResult {
  readonly accepted: number;
  readonly duplicates: number;
  /** Items that were refused. */
  readonly errors: readonly ItemProblem[];
  /** Parts that were left out of accepted items. */
  readonly warnings: readonly ItemProblem[];
}

/** An item with its place in the request. */
export interface IndexedEvent {
  readonly index: number;
  readonly raw: RawEvent;
}

/** Takes events in; a message id counts once, whatever comes with it later. */
export class IngestEvents {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly meter: IntakeMeter,
    private readonly defaultCurrency: string,
  ) {}

  /** @throws unavailable */
  async execute(
    tenant: string,
    items: readonly IndexedEvent[],
    browser?: BrowserSignals,
  ): Promise<IngestResult> {
    const receivedAt = this.clock.now();
    const fresh = new Map<string, EngageEvent>();
    const errors: ItemProblem[] = [];
    const warnings: ItemProblem[] = [];
    let taken = 0;
    for (const { index, raw } of items) {
      const read = readEvent(raw, {
        receivedAt,
        defaultCurrency: this.defaultCurrency,
        newId: () => uuidv7(this.clock, this.random),
      });
      const named = { index, ...(raw.messageId === undefined ? {} : { messageId: raw.messageId }) };
      if (!read.ok) {
        errors.push({ ...read.error, ...named });
        continue;
      }
      taken++;
      warnings.push(...read.value.warnings.map((warning) => ({ ...warning, ...named })));
      const { event } = read.value;
      if (!fresh.has(event.messageId)) fresh.set(event.messageId, event);
    }
    const events = [...fresh.values()];
    const known = await this.stored(tenant, events, receivedAt, browser);
    const accepted = events.length - known;
    this.meter.taken(events, { accepted, duplicates: taken - accepted, errors: errors.length });
    return { accepted, duplicates: taken - accepted, errors, warnings };
  }

  private async stored(
    tenant: string,
    events: EngageEvent[],
    receivedAt: Date,
    browser?: BrowserSignals,
  ): Promise<number> {
    if (events.length === 0) return 0;
    const { duplicates } = await this.store.store(tenant, events, receivedAt, browser);
    return duplicates.size;
  }
}
