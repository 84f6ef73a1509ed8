import type { Clock } from '@kiki/kernel';
import { PostgresListener, type Database, type Queryable } from '@kiki/postgres';
import {
  Outbox,
  type AttemptedDelivery,
  type ClaimOptions,
  type Delivery,
  type OutboxTotals,
  type SettledDelivery,
} from '../../application/money-out/outbox.js';
import { moneyOutChanged } from '../../domain/money-out/money-out-record.js';
import { appendAudit } from './audit-rows.js';
import { appendEvents, EVENTS_CHANNEL, QUEUE_RECEIVER, toEvent } from './event-rows.js';
import { outboxTotals, pruneEvents } from './outbox-upkeep.js';
import { STORE_NOW, storeNowMs } from './store-time.js';
import { disableWebhook, toWebhook, WEBHOOK_COLUMNS, type WebhookRow } from './webhook-rows.js';

interface ClaimedRow extends WebhookRow {
  webhook_id: string;
  attempts: number;
}

// Who claims moves the time on first: after a crash the delivery is due again. Receivers to which nothing gets through
// come last, those that failed least first, and only so many at a time: each keeps a lane until it times out.
const CLAIM = `
  WITH due AS (
    SELECT tenant, webhook_id FROM deliveries
     WHERE state = 'pending' AND due_ms <= ${STORE_NOW}
       AND NOT (tenant || ' ' || webhook_id) = ANY($1::text[])
       AND NOT EXISTS (SELECT FROM webhooks w
                        WHERE w.tenant = deliveries.tenant AND w.id = webhook_id
                          AND (NOT w.is_enabled OR w.failures > 0))
     ORDER BY due_ms LIMIT 2000
  ), failing AS (
    SELECT w.tenant, w.id AS webhook_id FROM webhooks w
     WHERE w.is_enabled AND w.failures > 0 AND NOT (w.tenant || ' ' || w.id) = ANY($1::text[])
       AND EXISTS (SELECT FROM deliveries d
                    WHERE d.tenant = w.tenant AND d.webhook_id = w.id AND d.state = 'pending'
                      AND d.due_ms <= ${STORE_NOW})
     ORDER BY w.failures LIMIT $5
  ), receivers AS (
    (SELECT DISTINCT tenant, webhook_id FROM due LIMIT $2) UNION ALL SELECT * FROM failing LIMIT $2
  ), picked AS (
    SELECT d.tenant, d.webhook_id, d.seq
      FROM receivers r CROSS JOIN LATERAL (
        SELECT tenant, webhook_id, seq FROM deliveries p
         WHERE p.tenant = r.tenant AND p.webhook_id = r.webhook_id AND p.state = 'pending'
           AND p.due_ms <= ${STORE_NOW}
         ORDER BY seq LIMIT $3 FOR UPDATE SKIP LOCKED
      ) d
  ), claimed AS (
    UPDATE deliveries d SET due_ms = ${STORE_NOW} + $4, attempts = d.attempts + 1
      FROM picked p
     WHERE d.tenant = p.tenant AND d.webhook_id = p.webhook_id AND d.seq = p.seq
    RETURNING d.tenant, d.webhook_id, d.seq, d.attempts
  )
  SELECT ${WEBHOOK_COLUMNS}, c.webhook_id, c.attempts, e.tenant, e.seq, e.type, e.budget_id, e.at_ms, e.data
    FROM claimed c JOIN events e ON e.tenant = c.tenant AND e.seq = c.seq
    LEFT JOIN webhooks w ON w.tenant = c.tenant AND w.id = c.webhook_id
   ORDER BY c.seq`;

const SETTLE = `
  UPDATE deliveries d
     SET state = k.state, last_status = k.status, last_error = k.error,
         due_ms = CASE WHEN k.state = 'pending' THEN ${STORE_NOW} + k.retry_ms ELSE d.due_ms END,
         settled_ms = CASE WHEN k.state = 'pending' THEN NULL ELSE ${STORE_NOW} END
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::int[], $6::text[], $7::bigint[])
         AS k (tenant, webhook_id, seq, state, status, error, retry_ms)
   WHERE d.tenant = k.tenant AND d.webhook_id = k.webhook_id AND d.seq = k.seq AND d.state = 'pending'`;

/** The outbox in PostgreSQL: claimed with SKIP LOCKED, announced by NOTIFY, looked for in case a notice was lost. */
export class PostgresOutbox extends Outbox {
  private readonly listener: PostgresListener;
  private told = Promise.withResolvers<void>();
  private isTold = false;
  private listening: Promise<unknown> | undefined;

  /** @param attempts after which a delivery is given up */
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly attempts: number,
  ) {
    super();
    const { connection } = database.poolOptions;
    this.listener = new PostgresListener({ connection, clock, onGap: () => this.announce() });
  }

  /** Ends the connection that listens. */
  close(): Promise<void> {
    return this.listener.close();
  }

  override async claim(options: ClaimOptions): Promise<Delivery[]> {
    const { busy, lanes, failingLanes, perLane, leaseMs } = options;
    this.isTold = false;
    const rows = await this.database.query<ClaimedRow>(CLAIM, [
      ...[lanesOf(busy), lanes, perLane, leaseMs, Math.max(0, failingLanes)],
    ]);
    return rows.flatMap((row): Delivery[] => {
      const isQueue = row.webhook_id === QUEUE_RECEIVER;
      if (!isQueue && row.id === null) return [];
      const webhook = isQueue ? undefined : toWebhook(row);
      return [{ event: toEvent(row), webhook, attempt: row.attempts }];
    });
  }

  override settle(attempts: readonly AttemptedDelivery[]): Promise<SettledDelivery[]> {
    return this.database.transaction(async (tx) => {
      const states = attempts.map(stateOf);
      await tx.execute(SETTLE, [
        ...[attempts.map(({ delivery }) => delivery.event.tenant), attempts.map(receiverOf)],
        ...[attempts.map(({ delivery }) => delivery.event.seq), states],
        attempts.map(({ outcome }) => outcome.status ?? null),
        attempts.map(({ outcome }) => outcome.error ?? null),
        attempts.map(({ retryInMs }) => retryInMs ?? 0),
      ]);
      const isDisabled = await this.judge(tx, attempts, states);
      return states.map((state) => ({ state, isDisabled }));
    });
  }

  override async release(deliveries: readonly Delivery[]): Promise<void> {
    for (const { event, webhook } of deliveries) {
      await this.database.execute(
        `UPDATE deliveries SET due_ms = ${STORE_NOW}, attempts = greatest(attempts - 1, 0)
          WHERE tenant = $1 AND webhook_id = $2 AND seq = $3 AND state = 'pending'`,
        [event.tenant, webhook?.id ?? QUEUE_RECEIVER, event.seq],
      );
    }
  }

  override totals(): Promise<OutboxTotals> {
    return outboxTotals(this.database);
  }

  override prune(olderThanMs: number): Promise<void> {
    return pruneEvents(this.database, olderThanMs);
  }

  override async wait(forMs: number, signal: AbortSignal): Promise<void> {
    this.listening ??= this.listener
      .listen(EVENTS_CHANNEL, () => this.announce())
      .catch(() => (this.listening = undefined));
    if (this.isTold) return;
    const ended = new AbortController();
    const both = AbortSignal.any([signal, ended.signal]);
    const over = this.clock.sleep(forMs, both).catch(() => undefined);
    await Promise.race([this.told.promise, over]);
    ended.abort();
    await over;
  }

  private announce(): void {
    this.isTold = true;
    this.told.resolve();
    this.told = Promise.withResolvers();
  }

  /** Counts what fails in a row; a receiver that is gone, or to which nothing gets through any more, is disabled. */
  private async judge(
    tx: Queryable,
    attempts: readonly AttemptedDelivery[],
    states: readonly SettledDelivery['state'][],
  ): Promise<boolean> {
    const webhook = attempts[0]?.delivery.webhook;
    if (webhook === undefined) return false;
    const { tenant, id } = webhook;
    const hasWorked = states.includes('delivered');
    const [row] = await tx.query<{ failures: number; is_enabled: boolean }>(
      `UPDATE webhooks SET failures = CASE WHEN $3 THEN 0 ELSE failures + $4 END
        WHERE tenant = $1 AND id = $2 AND (NOT $3 OR failures > 0) RETURNING failures, is_enabled`,
      [tenant, id, hasWorked, attempts.length],
    );
    if (row === undefined || !row.is_enabled) return false;
    const isGone = attempts.some(({ outcome }) => outcome.isGone === true);
    const isFailing = states.includes('dead') && row.failures >= this.attempts;
    if (!isGone && !isFailing) return false;
    await disable(
      tx,
      { tenant, id },
      { reason: isGone ? 'gone' : 'failing', failures: row.failures },
    );
    return true;
  }
}

async function disable(
  tx: Queryable,
  { tenant, id }: { readonly tenant: string; readonly id: string },
  { reason, failures }: { readonly reason: string; readonly failures: number },
): Promise<void> {
  await disableWebhook(tx, { tenant, id }, reason);
  const atMs = await storeNowMs(tx, STORE_NOW);
  const data = { webhookId: id, reason, failures };
  await appendEvents(tx, [{ tenant, type: 'webhook.disabled', atMs, data }]);
  const facts = { webhookId: id, reason, before: { isEnabled: true }, after: { isEnabled: false } };
  const at = { tenant, actor: 'syncshield', atMs };
  await appendAudit(tx, [moneyOutChanged(at, 'webhook.disabled', facts)]);
}

function stateOf({ outcome, retryInMs }: AttemptedDelivery): SettledDelivery['state'] {
  if (outcome.isDelivered) return 'delivered';
  return retryInMs === undefined ? 'dead' : 'pending';
}

function receiverOf({ delivery }: AttemptedDelivery): string {
  return delivery.webhook?.id ?? QUEUE_RECEIVER;
}

function lanesOf(busy: ReadonlySet<string>): string[] {
  return [...busy].map((lane) => (lane.endsWith(' ') ? `${lane}${QUEUE_RECEIVER}` : lane));
}
