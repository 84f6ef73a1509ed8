import type { AuditRecord } from '../audit-record.js';

/** What administration of thresholds, plans and webhooks is recorded as. */
export type MoneyOutAction =
  | 'thresholds.replaced'
  | 'plan.replaced'
  | 'plan.removed'
  | 'webhook.created'
  | 'webhook.changed'
  | 'webhook.removed'
  | 'webhook.secret_rotated'
  | 'webhook.enabled'
  | 'webhook.disabled'
  | 'webhook.redelivered';

/** Who changes something, and when. */
export interface MoneyOutChange {
  readonly tenant: string;
  readonly actor: string;
  readonly atMs: number;
}

/** One such change as an audit leaf; `facts` carry before and after. */
export function moneyOutChanged(
  { tenant, actor, atMs }: MoneyOutChange,
  action: MoneyOutAction,
  facts: Readonly<Record<string, unknown>>,
): AuditRecord {
  return { tenant, actor, atMs, action, facts };
}
