import type { Queryable, Row } from '@kiki/postgres';
import type { EventType } from '../../domain/money-out/event.js';
import type { Webhook } from '../../domain/money-out/webhook.js';

/** A webhook as it is stored. */
export interface WebhookRow extends Row {
  tenant: string;
  id: string;
  url: string;
  types: EventType[] | null;
  budget_ids: string[] | null;
  secret_version: number;
  rotated_ms: bigint | null;
  is_enabled: boolean;
  disabled_reason: string | null;
  failures: number;
  creation: string;
  created_ms: bigint;
}

/** Selects webhooks as `toWebhook` reads them; `w` is the webhook. */
export const WEBHOOK_COLUMNS = `w.tenant, w.id, w.url, w.types, w.budget_ids, w.secret_version, w.rotated_ms,
  w.is_enabled, w.disabled_reason, w.failures, w.creation, w.created_ms`;

/** Stands for "not before somebody says so". */
export const NEVER_MS = 9_007_199_254_740_991n;

/** One webhook, locked where it is going to be changed. */
export async function findWebhook(
  tx: Queryable,
  tenant: string,
  id: string,
  isLocked = false,
): Promise<WebhookRow | undefined> {
  const lock = isLocked ? ' FOR UPDATE' : '';
  const [row] = await tx.query<WebhookRow>(
    `SELECT ${WEBHOOK_COLUMNS} FROM webhooks w WHERE w.tenant = $1 AND w.id = $2${lock}`,
    [tenant, id],
  );
  return row;
}

/** A webhook is not sent to until it is enabled; what waits for it waits. */
export async function disableWebhook(
  tx: Queryable,
  { tenant, id }: { readonly tenant: string; readonly id: string },
  reason: string,
): Promise<void> {
  await tx.execute(
    `UPDATE webhooks SET is_enabled = false, disabled_reason = $3 WHERE tenant = $1 AND id = $2`,
    [tenant, id, reason],
  );
  await tx.execute(
    `UPDATE deliveries SET due_ms = $3 WHERE tenant = $1 AND webhook_id = $2 AND state = 'pending'`,
    [tenant, id, NEVER_MS],
  );
}

/** A webhook as the code sees it. */
export function toWebhook(row: WebhookRow): Webhook {
  return {
    ...{ tenant: row.tenant, id: row.id, url: row.url },
    ...(row.types === null ? {} : { types: row.types }),
    ...(row.budget_ids === null ? {} : { budgetIds: row.budget_ids }),
    secretVersion: row.secret_version,
    ...(row.rotated_ms === null ? {} : { rotatedMs: Number(row.rotated_ms) }),
    isEnabled: row.is_enabled,
    ...(row.disabled_reason === null ? {} : { disabledReason: row.disabled_reason }),
    ...{ failures: row.failures, createdMs: Number(row.created_ms) },
  };
}
