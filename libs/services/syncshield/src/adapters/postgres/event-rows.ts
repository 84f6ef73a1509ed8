import { canonicalJson } from '@kiki/kernel';
import type { Queryable, Row } from '@kiki/postgres';
import type { EventType, NewEvent, StoredEvent } from '../../domain/money-out/event.js';
import { STORE_NOW } from './store-time.js';

/** Channel that says: there is something to deliver. */
export const EVENTS_CHANNEL = 'syncshield_events';
/** Stands among the receivers for the queue that SyncFlow works on. */
export const QUEUE_RECEIVER = '$queue';

interface EventRow extends Row {
  tenant: string;
  seq: bigint;
  type: EventType;
  budget_id: string | null;
  at_ms: bigint;
  data: string;
}

// Heads in the order of tenants, so that two transactions of several tenants cannot wait for each other.
const APPEND = `
  WITH asked AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
             WITH ORDINALITY AS k (tenant, type, budget_id, at_ms, data, place)
  ), counts AS (
    SELECT tenant, count(*) AS count FROM asked GROUP BY tenant ORDER BY tenant
  ), heads AS (
    INSERT INTO event_heads AS h (tenant, next_seq)
    SELECT tenant, 1 + count FROM counts ORDER BY tenant
        ON CONFLICT (tenant) DO UPDATE SET next_seq = h.next_seq + excluded.next_seq - 1
    RETURNING tenant, next_seq
  ), stored AS (
    INSERT INTO events (tenant, seq, type, budget_id, at_ms, data)
    SELECT a.tenant,
           h.next_seq - c.count - 1 + row_number() OVER (PARTITION BY a.tenant ORDER BY a.place),
           a.type, a.budget_id, a.at_ms, a.data
      FROM asked a JOIN counts c USING (tenant) JOIN heads h USING (tenant)
    RETURNING tenant, seq, type, budget_id
  ), routed AS (
    INSERT INTO deliveries (tenant, webhook_id, seq, budget_id, state, due_ms)
    SELECT s.tenant, w.id, s.seq, s.budget_id, 'pending', ${STORE_NOW}
      FROM stored s JOIN webhooks w ON w.tenant = s.tenant AND w.is_enabled
       AND (w.types IS NULL OR s.type = ANY(w.types))
       AND (w.budget_ids IS NULL OR s.budget_id = ANY(w.budget_ids))
     UNION ALL
    SELECT s.tenant, '${QUEUE_RECEIVER}', s.seq, s.budget_id, 'pending', ${STORE_NOW}
      FROM stored s WHERE s.type <> 'webhook.disabled'
    RETURNING 1
  )
  SELECT pg_notify('${EVENTS_CHANNEL}', '') FROM (SELECT count(*) FROM routed) r WHERE r.count > 0`;

/** Appends events and what has to be delivered of them; call it right before the audit, whose head is the last lock. */
export async function appendEvents(tx: Queryable, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.execute(APPEND, [
    events.map(({ tenant }) => tenant),
    events.map(({ type }) => type),
    events.map(({ budgetId }) => budgetId ?? null),
    events.map(({ atMs }) => atMs),
    events.map(({ data }) => canonicalJson(data)),
  ]);
}

/** Which part of the feed. */
export interface EventFilter {
  readonly after: bigint;
  readonly limit: number;
  readonly types?: readonly string[] | undefined;
  readonly budgetId?: string | undefined;
}

/** Events of a tenant behind a number, and the last number there is. */
export async function readEvents(
  from: Queryable,
  tenant: string,
  { after, limit, types, budgetId }: EventFilter,
): Promise<StoredEvent[]> {
  const rows = await from.query<EventRow>(
    `SELECT tenant, seq, type, budget_id, at_ms, data FROM events
      WHERE tenant = $1 AND seq > $2 AND ($4::text[] IS NULL OR type = ANY($4))
        AND ($5::text IS NULL OR budget_id = $5)
      ORDER BY seq LIMIT $3`,
    [tenant, after, limit, types ?? null, budgetId ?? null],
  );
  return rows.map(toEvent);
}

/** The number of the newest event of a tenant; 0 when there is none. */
export async function lastEventSeq(from: Queryable, tenant: string): Promise<bigint> {
  const [head] = await from.query<{ next_seq: bigint }>(
    'SELECT next_seq FROM event_heads WHERE tenant = $1',
    [tenant],
  );
  return head === undefined ? 0n : head.next_seq - 1n;
}

/** An event as it is stored. */
export function toEvent(row: Row): StoredEvent {
  const { tenant, seq, type, budget_id: budgetId, at_ms: atMs, data } = row as EventRow;
  return {
    ...{ tenant, seq, type, atMs: Number(atMs) },
    ...(budgetId === null ? {} : { budgetId }),
    data: JSON.parse(data) as Record<string, unknown>,
  };
}
