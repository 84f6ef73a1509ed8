import type { Database, Queryable } from '@kiki/postgres';
import {
  EventStore,
  type BrowserSignals,
  type StoredEvents,
} from '../../application/event-store.js';
import type { EngageEvent } from '../../domain/event.js';
import type { EventTiming } from '../../domain/event-time.js';
import { isOrder, orderOf } from '../../domain/order.js';
import * as sql from './event-statements.js';
import { putProfiles } from './profile-upsert.js';

interface LinkRow extends Record<string, unknown> {
  anonymous_id: string;
  customer_id: string;
}

interface AdoptedRow extends Record<string, unknown> {
  message_id: string;
  type: 'identify' | 'track';
  name: string | null;
  customer_id: string;
  data: Record<string, unknown>;
  occurred_at: Date;
  timing: EventTiming;
}

/** Events, profiles and the outbox in the service's own schema. */
export class PostgresEventStore extends EventStore {
  constructor(
    private readonly database: Database,
    private readonly defaultCurrency: string,
  ) {
    super();
  }

  override store(
    tenant: string,
    events: readonly EngageEvent[],
    receivedAt: Date,
    browser?: BrowserSignals,
  ): Promise<StoredEvents> {
    return this.database.transaction(async (tx) => {
      const links = await link(tx, tenant, events, receivedAt);
      const resolved = await resolve(tx, tenant, events);
      const fresh = await addEvents(tx, tenant, resolved, receivedAt);
      const isFresh = (event: EngageEvent): boolean => fresh.has(event.messageId);
      const adopted = await this.adopt(tx, tenant, links);
      const news = [...adopted, ...resolved.filter(isFresh)];
      await putProfiles(tx, tenant, news);
      if (browser?.isGpc === true) await addSignals(tx, tenant, resolved, receivedAt);
      const orders = await addOrders(tx, tenant, news, receivedAt);
      const known = events.filter((event) => !isFresh(event));
      return { duplicates: new Set(known.map(({ messageId }) => messageId)), orders };
    });
  }

  /** Hands earlier events of newly known customers over, orders included. */
  private async adopt(
    tx: Queryable,
    tenant: string,
    links: readonly LinkRow[],
  ): Promise<EngageEvent[]> {
    if (links.length === 0) return [];
    const rows = await tx.query<AdoptedRow>(sql.ADOPT, [
      tenant,
      links.map((row) => row.anonymous_id),
      links.map((row) => row.customer_id),
    ]);
    return rows.map((row) => this.toEvent(row));
  }

  private toEvent(row: AdoptedRow): EngageEvent {
    const name = row.type === 'track' ? (row.name ?? undefined) : undefined;
    const order = orderOf({
      name,
      properties: row.data,
      messageId: row.message_id,
      defaultCurrency: this.defaultCurrency,
    });
    return {
      messageId: row.message_id,
      type: row.type,
      customerId: row.customer_id,
      data: row.data,
      occurredAt: row.occurred_at,
      timing: row.timing,
      isObjection: row.type === 'identify' && row.data['unsubscribed'] === true,
      ...(name === undefined ? {} : { name }),
      ...(order !== undefined && isOrder(order) ? { order } : {}),
    };
  }
}

async function addSignals(
  tx: Queryable,
  tenant: string,
  events: readonly EngageEvent[],
  at: Date,
): Promise<void> {
  const customers = events.flatMap(({ customerId }) =>
    customerId === undefined ? [] : [customerId],
  );
  if (customers.length === 0) return;
  await tx.execute(sql.ADD_SIGNALS, [tenant, [...new Set(customers)], at]);
}

async function link(
  tx: Queryable,
  tenant: string,
  events: readonly EngageEvent[],
  at: Date,
): Promise<LinkRow[]> {
  const pairs = new Map<string, string>();
  for (const { anonymousId, customerId } of events) {
    if (anonymousId === undefined || customerId === undefined) continue;
    if (!pairs.has(anonymousId)) pairs.set(anonymousId, customerId);
  }
  if (pairs.size === 0) return [];
  return tx.query<LinkRow>(sql.LINK, [tenant, [...pairs.keys()], [...pairs.values()], at]);
}

/** Events of anonymous ids whose customer is known get that customer. */
async function resolve(
  tx: Queryable,
  tenant: string,
  events: readonly EngageEvent[],
): Promise<EngageEvent[]> {
  const open = events.flatMap(({ customerId, anonymousId }) =>
    customerId === undefined && anonymousId !== undefined ? [anonymousId] : [],
  );
  if (open.length === 0) return [...events];
  const rows = await tx.query<LinkRow>(sql.LINKED, [tenant, [...new Set(open)]]);
  const customerOf = new Map(rows.map((row) => [row.anonymous_id, row.customer_id]));
  return events.map((event) => {
    const customerId = event.customerId ?? customerOf.get(event.anonymousId ?? '');
    return customerId === undefined ? event : { ...event, customerId };
  });
}

async function addEvents(
  tx: Queryable,
  tenant: string,
  events: readonly EngageEvent[],
  receivedAt: Date,
): Promise<Set<string>> {
  const rows = await tx.query<{ message_id: string }>(sql.ADD_EVENTS, [
    tenant,
    events.map(({ messageId }) => messageId),
    events.map(({ type }) => type),
    events.map(({ name }) => name ?? null),
    events.map(({ customerId }) => customerId ?? null),
    events.map(({ anonymousId }) => anonymousId ?? null),
    events.map(({ data }) => JSON.stringify(data)),
    events.map(({ occurredAt }) => occurredAt),
    events.map(({ claimedAt }) => claimedAt ?? null),
    events.map(({ timing }) => timing),
    receivedAt,
  ]);
  return new Set(rows.map((row) => row.message_id));
}

async function addOrders(
  tx: Queryable,
  tenant: string,
  events: readonly EngageEvent[],
  at: Date,
): Promise<number> {
  const orders = events
    .flatMap(({ order, customerId, occurredAt }) =>
      order === undefined || customerId === undefined ? [] : [{ ...order, customerId, occurredAt }],
    )
    .sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime());
  if (orders.length === 0) return 0;
  return tx.execute(sql.ADD_ORDERS, [
    tenant,
    orders.map(({ transactionId }) => transactionId),
    orders.map(({ customerId }) => customerId),
    orders.map(({ occurredAt }) => occurredAt),
    orders.map(({ amountMicros }) => amountMicros),
    orders.map(({ currency }) => currency),
    orders.map(({ kind }) => kind),
    at,
  ]);
}
