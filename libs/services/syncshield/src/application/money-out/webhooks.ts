import type { Webhook, WebhookDraft } from '../../domain/money-out/webhook.js';
import type { Page, PageRequest } from '../ledger.js';

/** Who changes which webhook. */
export interface WebhookChange {
  readonly tenant: string;
  readonly id: string;
  readonly actor: string;
}

/** One event on its way to one receiver. */
export interface DeliveryReport {
  readonly seq: bigint;
  readonly type: string;
  readonly budgetId?: string;
  readonly state: 'pending' | 'delivered' | 'dead';
  readonly attempts: number;
  readonly occurredMs: number;
  /** When it is tried (again); undefined when it is settled, or its webhook is disabled. */
  readonly dueMs?: number;
  readonly lastStatus?: number;
  readonly lastError?: string;
  readonly settledMs?: number;
}

/** Receivers of events, administered; every change is an audit record with before and after. */
export abstract class Webhooks {
  /**
   * Creates a webhook; the same draft again returns it with `isNew` false.
   * @throws idempotency_conflict, webhook_url_forbidden, webhook_limit
   */
  abstract create(
    change: WebhookChange,
    draft: WebhookDraft,
  ): Promise<{ readonly webhook: Webhook; readonly isNew: boolean }>;
  /** @throws webhook_not_found */
  abstract get(tenant: string, id: string): Promise<Webhook>;
  /** By id; there are at most MAX_WEBHOOKS. */
  abstract list(tenant: string): Promise<Webhook[]>;
  /** @throws webhook_not_found, webhook_url_forbidden */
  abstract replace(change: WebhookChange, draft: WebhookDraft): Promise<Webhook>;
  /** What was not delivered yet is not delivered any more. @throws webhook_not_found */
  abstract remove(change: WebhookChange): Promise<void>;
  /** From now on another secret signs, for a day the old one too. @throws webhook_not_found */
  abstract rotate(change: WebhookChange): Promise<Webhook>;
  /** Enabled again, what waits is delivered. @throws webhook_not_found */
  abstract setEnabled(change: WebhookChange, isEnabled: boolean): Promise<Webhook>;
  /** Newest first. @throws webhook_not_found */
  abstract deliveries(
    tenant: string,
    filter: { readonly id: string; readonly state?: string | undefined },
    page: PageRequest,
  ): Promise<Page<DeliveryReport>>;
  /** Delivers an event (again), with fresh attempts. @throws webhook_not_found, event_not_found */
  abstract redeliver(change: WebhookChange, seq: bigint): Promise<DeliveryReport>;
}
