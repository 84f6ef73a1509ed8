import type { Database } from '@kiki/postgres';
import { Events, type EventFilter, type EventPage } from '../../application/money-out/events.js';
import { lastEventSeq, readEvents } from './event-rows.js';

/** The feed of events in PostgreSQL. */
export class PostgresEvents extends Events {
  constructor(private readonly database: Database) {
    super();
  }

  override async read(tenant: string, filter: EventFilter): Promise<EventPage> {
    // The end is read first: whatever is up to it is committed, and so in the answer.
    const lastSeq = await lastEventSeq(this.database, tenant);
    const items = await readEvents(this.database, tenant, filter);
    const last = items.at(-1)?.seq;
    const isFull = items.length === filter.limit;
    const end = lastSeq > filter.after ? lastSeq : filter.after;
    const next =
      isFull && last !== undefined ? last : last !== undefined && last > end ? last : end;
    return { items, next, lastSeq: last !== undefined && last > lastSeq ? last : lastSeq };
  }
}
