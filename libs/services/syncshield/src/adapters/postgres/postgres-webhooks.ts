import { canonicalJson, kernelErrors } from '@kiki/kernel';
import type { Database, Queryable } from '@kiki/postgres';
import {
  Webhooks,
  type DeliveryReport,
  type WebhookChange,
} from '../../application/money-out/webhooks.js';
import type { Page, PageRequest } from '../../application/ledger.js';
import { moneyOutChanged, type MoneyOutAction } from '../../domain/money-out/money-out-record.js';
import {
  MAX_WEBHOOKS,
  webhookRecord,
  type Webhook,
  type WebhookDraft,
} from '../../domain/money-out/webhook.js';
import { errors } from '../../errors.js';
import { appendAudit } from './audit-rows.js';
import { deliveriesBelow, putDelivery } from './delivery-rows.js';
import { STORE_NOW, storeNowMs } from './store-time.js';
import {
  disableWebhook,
  findWebhook,
  toWebhook,
  WEBHOOK_COLUMNS,
  type WebhookRow,
} from './webhook-rows.js';

/** Whether an address may be sent to at all. @throws webhook_url_forbidden */
export type CheckUrl = (url: string) => void;

/** Webhooks in PostgreSQL. */
export class PostgresWebhooks extends Webhooks {
  constructor(
    private readonly database: Database,
    private readonly checkUrl: CheckUrl,
  ) {
    super();
  }

  override create(
    change: WebhookChange,
    draft: WebhookDraft,
  ): Promise<{ webhook: Webhook; isNew: boolean }> {
    this.checkUrl(draft.url);
    return this.database.transaction((tx) => createIn(tx, change, draft));
  }

  override async get(tenant: string, id: string): Promise<Webhook> {
    const row = await findWebhook(this.database, tenant, id);
    if (row === undefined) throw unknownWebhook(id);
    return toWebhook(row);
  }

  override async list(tenant: string): Promise<Webhook[]> {
    const rows = await this.database.query<WebhookRow>(
      `SELECT ${WEBHOOK_COLUMNS} FROM webhooks w WHERE w.tenant = $1 ORDER BY w.id COLLATE "C"`,
      [tenant],
    );
    return rows.map(toWebhook);
  }

  override replace(change: WebhookChange, draft: WebhookDraft): Promise<Webhook> {
    this.checkUrl(draft.url);
    return this.change(change, 'webhook.changed', async (tx, before) => {
      await tx.execute(
        'UPDATE webhooks SET url = $3, types = $4, budget_ids = $5 WHERE tenant = $1 AND id = $2',
        [change.tenant, change.id, draft.url, draft.types ?? null, draft.budgetIds ?? null],
      );
      return { before: webhookRecord(before), after: webhookRecord(draft) };
    });
  }

  override async remove(change: WebhookChange): Promise<void> {
    await this.change(change, 'webhook.removed', async (tx, before) => {
      const key = [change.tenant, change.id];
      await tx.execute('DELETE FROM deliveries WHERE tenant = $1 AND webhook_id = $2', key);
      await tx.execute('DELETE FROM webhooks WHERE tenant = $1 AND id = $2', key);
      return { before: webhookRecord(before) };
    });
  }

  override rotate(change: WebhookChange): Promise<Webhook> {
    return this.change(change, 'webhook.secret_rotated', async (tx, { secretVersion }) => {
      await tx.execute(
        `UPDATE webhooks SET secret_version = secret_version + 1, rotated_ms = ${STORE_NOW}
          WHERE tenant = $1 AND id = $2`,
        [change.tenant, change.id],
      );
      return { before: { secretVersion }, after: { secretVersion: secretVersion + 1 } };
    });
  }

  override setEnabled(change: WebhookChange, isEnabled: boolean): Promise<Webhook> {
    const action = isEnabled ? 'webhook.enabled' : 'webhook.disabled';
    return this.change(change, action, async (tx, before) => {
      if (before.isEnabled === isEnabled) return undefined;
      if (isEnabled) await enable(tx, change);
      else await disableWebhook(tx, change, 'requested');
      return { before: { isEnabled: before.isEnabled }, after: { isEnabled } };
    });
  }

  override async deliveries(
    tenant: string,
    filter: { readonly id: string; readonly state?: string | undefined },
    page: PageRequest,
  ): Promise<Page<DeliveryReport>> {
    await this.get(tenant, filter.id);
    return deliveriesBelow(this.database, tenant, filter, page);
  }

  override redeliver(change: WebhookChange, seq: bigint): Promise<DeliveryReport> {
    const { tenant, id, actor } = change;
    return this.database.transaction(async (tx) => {
      const row = await findWebhook(tx, tenant, id);
      if (row === undefined) throw unknownWebhook(id);
      const report = await putDelivery(tx, { tenant, id, seq });
      if (report === undefined) throw errors.event_not_found();
      const at = { tenant, actor, atMs: await storeNowMs(tx, STORE_NOW) };
      const facts = { webhookId: id, seq };
      await appendAudit(tx, [moneyOutChanged(at, 'webhook.redelivered', facts)]);
      return report;
    });
  }

  /** Changes one webhook under its lock, with an audit record of what `work` says; undefined changed nothing. */
  private change(
    { tenant, id, actor }: WebhookChange,
    action: MoneyOutAction,
    work: (tx: Queryable, before: Webhook) => Promise<Record<string, unknown> | undefined>,
  ): Promise<Webhook> {
    return this.database.transaction(async (tx) => {
      const row = await findWebhook(tx, tenant, id, true);
      if (row === undefined) throw unknownWebhook(id);
      const facts = await work(tx, toWebhook(row));
      if (facts !== undefined) {
        const at = { tenant, actor, atMs: await storeNowMs(tx, STORE_NOW) };
        await appendAudit(tx, [moneyOutChanged(at, action, { webhookId: id, ...facts })]);
      }
      return toWebhook((await findWebhook(tx, tenant, id)) ?? row);
    });
  }
}

async function createIn(
  tx: Queryable,
  { tenant, id, actor }: WebhookChange,
  draft: WebhookDraft,
): Promise<{ webhook: Webhook; isNew: boolean }> {
  // One creation of a tenant at a time: the count is exact, and the same id twice waits.
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('kiki webhooks ' || $1, 0))`, [
    tenant,
  ]);
  const creation = canonicalJson(draft);
  const known = await findWebhook(tx, tenant, id);
  if (known !== undefined) {
    if (known.creation !== creation) throw otherBody(id);
    return { webhook: toWebhook(known), isNew: false };
  }
  const [count] = await tx.query<{ count: bigint }>(
    'SELECT count(*) AS count FROM webhooks WHERE tenant = $1',
    [tenant],
  );
  if (count !== undefined && count.count >= BigInt(MAX_WEBHOOKS)) throw errors.webhook_limit();
  const atMs = await storeNowMs(tx, STORE_NOW);
  await tx.execute(
    `INSERT INTO webhooks (tenant, id, url, types, budget_ids, secret_version, is_enabled, creation, created_ms)
     VALUES ($1, $2, $3, $4, $5, 1, true, $6, $7)`,
    [tenant, id, draft.url, draft.types ?? null, draft.budgetIds ?? null, creation, atMs],
  );
  const facts = { webhookId: id, after: webhookRecord(draft) };
  await appendAudit(tx, [moneyOutChanged({ tenant, actor, atMs }, 'webhook.created', facts)]);
  const row = await findWebhook(tx, tenant, id);
  if (row === undefined) throw kernelErrors.internal('A webhook is not where it was put.');
  return { webhook: toWebhook(row), isNew: true };
}

async function enable(tx: Queryable, { tenant, id }: WebhookChange): Promise<void> {
  await tx.execute(
    `UPDATE webhooks SET is_enabled = true, disabled_reason = NULL, failures = 0
      WHERE tenant = $1 AND id = $2`,
    [tenant, id],
  );
  await tx.execute(
    `UPDATE deliveries SET due_ms = ${STORE_NOW}, attempts = 0
      WHERE tenant = $1 AND webhook_id = $2 AND state = 'pending'`,
    [tenant, id],
  );
}

function unknownWebhook(id: string): Error {
  return errors.webhook_not_found(`There is no webhook "${id}".`);
}

function otherBody(id: string): Error {
  return kernelErrors.idempotency_conflict(
    `Webhook "${id}" was created before with another body.`,
    {
      fields: [{ field: 'id', expected: 'the first body of this id, or a new id' }],
    },
  );
}
