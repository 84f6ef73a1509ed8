import type { Queryable, Row } from '@kiki/postgres';
import type { Page, PageRequest } from '../../application/ledger.js';
import type { DeliveryReport } from '../../application/money-out/webhooks.js';
import { EVENTS_CHANNEL } from './event-rows.js';
import { STORE_NOW } from './store-time.js';
import { NEVER_MS } from './webhook-rows.js';

interface DeliveryRow extends Row {
  seq: bigint;
  type: string;
  budget_id: string | null;
  state: DeliveryReport['state'];
  attempts: number;
  at_ms: bigint;
  due_ms: bigint;
  last_status: number | null;
  last_error: string | null;
  settled_ms: bigint | null;
}

const COLUMNS = `d.seq, e.type, d.budget_id, d.state, d.attempts, e.at_ms, d.due_ms, d.last_status, d.last_error,
  d.settled_ms`;

/** Deliveries of a webhook, newest first, below the place where the page before ended. */
export async function deliveriesBelow(
  from: Queryable,
  tenant: string,
  { id, state }: { readonly id: string; readonly state?: string | undefined },
  { after, limit }: PageRequest,
): Promise<Page<DeliveryReport>> {
  const rows = await from.query<DeliveryRow>(
    `SELECT ${COLUMNS} FROM deliveries d JOIN events e USING (tenant, seq)
      WHERE d.tenant = $1 AND d.webhook_id = $2 AND d.seq < $3 AND ($4::text IS NULL OR d.state = $4)
      ORDER BY d.seq DESC LIMIT $5`,
    [tenant, id, after === undefined ? NEVER_MS : BigInt(after), state ?? null, limit + 1],
  );
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { items: shown.map(toReport), ...(hasMore ? { next: last.seq.toString() } : {}) };
}

/** Puts an event onto its way with fresh attempts; undefined when there is no such event. */
export async function putDelivery(
  tx: Queryable,
  { tenant, id, seq }: { readonly tenant: string; readonly id: string; readonly seq: bigint },
): Promise<DeliveryReport | undefined> {
  await tx.execute(
    `INSERT INTO deliveries AS d (tenant, webhook_id, seq, budget_id, state, due_ms)
     SELECT tenant, $2, seq, budget_id, 'pending', ${STORE_NOW} FROM events WHERE tenant = $1 AND seq = $3
         ON CONFLICT (tenant, webhook_id, seq)
         DO UPDATE SET state = 'pending', attempts = 0, due_ms = excluded.due_ms, settled_ms = NULL`,
    [tenant, id, seq],
  );
  await tx.query(`SELECT pg_notify('${EVENTS_CHANNEL}', '')`);
  const [row] = await tx.query<DeliveryRow>(
    `SELECT ${COLUMNS} FROM deliveries d JOIN events e USING (tenant, seq)
      WHERE d.tenant = $1 AND d.webhook_id = $2 AND d.seq = $3`,
    [tenant, id, seq],
  );
  return row && toReport(row);
}

function toReport(row: DeliveryRow): DeliveryReport {
  const isWaiting = row.state === 'pending' && row.due_ms < NEVER_MS;
  return {
    ...{ seq: row.seq, type: row.type, state: row.state, attempts: row.attempts },
    ...(row.budget_id === null ? {} : { budgetId: row.budget_id }),
    occurredMs: Number(row.at_ms),
    ...(isWaiting ? { dueMs: Number(row.due_ms) } : {}),
    ...(row.last_status === null ? {} : { lastStatus: row.last_status }),
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
    ...(row.settled_ms === null ? {} : { settledMs: Number(row.settled_ms) }),
  };
}
