import type { Database, Queryable } from '@kiki/postgres';
import {
  Messages,
  type ClaimedMessage,
  type ConsentRefusal,
  type HoldDecision,
  type MessageEnd,
  type PlanResult,
  type UnsettledMessage,
} from '../../application/messages.js';
import type { Journey } from '../../domain/journey.js';
import type { MessageState, PlannedMessage } from '../../domain/message.js';
import {
  contactReason,
  SUBSCRIPTIONS,
  type PlanRules,
  type Subscription,
  type SuppressionReason,
} from '../../domain/suppression.js';
import { planChunk } from './message-plan.js';
import * as sql from './message-statements.js';

interface DueRow extends Record<string, unknown> {
  tenant: string;
  id: string;
  journey_id: string;
  customer_id: string;
  budget_id: string;
  cost_micros: bigint;
  currency: string;
  hold_attempt: number;
  hold_expires_at: Date | null;
  attempts: number;
  region: string | null;
}

/** What can be a region; anything else in the traits says nothing. */
const REGION = /^[A-Z]{2}(?:-[A-Z0-9]{1,3})?$/;

interface ClaimRow extends Record<string, unknown> {
  email: string | null;
  traits: Record<string, unknown>;
  subscription: Subscription;
  is_claimed: boolean;
}

/** What customers with an address may have said for a message to go out. */
function contactable(isOptInRequired: boolean): Subscription[] {
  return SUBSCRIPTIONS.filter(
    (subscription) =>
      contactReason({ hasAddress: true, subscription }, isOptInRequired) === undefined,
  );
}

/** Messages in the service's own schema. */
export class PostgresMessages extends Messages {
  constructor(private readonly database: Database) {
    super();
  }

  override plan(
    journey: Journey,
    runId: string,
    rules: PlanRules,
    now: Date,
    options: { readonly limit: number; readonly newId: () => string },
  ): Promise<PlanResult> {
    return this.database.transaction((tx) =>
      planChunk(tx, { journey, runId, rules, now }, options),
    );
  }

  override async due(
    tenant: string,
    journeyId: string,
    now: Date,
    limit: number,
  ): Promise<PlannedMessage[]> {
    const rows = await this.database.query<DueRow>(sql.DUE, [tenant, journeyId, now, limit]);
    return rows.map(toPlanned);
  }

  override async recordHolds(
    tenant: string,
    decisions: readonly HoldDecision[],
    now: Date,
  ): Promise<void> {
    const held = decisions.flatMap(({ expiresAt, ...decision }) =>
      expiresAt === undefined ? [] : [{ ...decision, expiresAt }],
    );
    const denied = decisions.flatMap(({ deniedBecause, ...decision }) =>
      deniedBecause === undefined ? [] : [{ ...decision, deniedBecause }],
    );
    await this.database.transaction(async (tx) => {
      await tx.execute(sql.HELD, [
        tenant,
        held.map(({ id }) => id),
        held.map(({ holdAttempt }) => holdAttempt),
        held.map(({ expiresAt }) => expiresAt),
      ]);
      await tx.execute(sql.DENIED, [
        tenant,
        denied.map(({ id }) => id),
        denied.map(({ holdAttempt }) => holdAttempt),
        denied.map(({ deniedBecause }) => deniedBecause),
        now,
      ]);
    });
  }

  override async renewHolds(tenant: string, ids: readonly string[]): Promise<void> {
    await this.database.execute(sql.RENEW_HOLDS, [tenant, ids]);
  }

  override async claim(
    message: PlannedMessage,
    rules: Pick<PlanRules, 'isOptInRequired'> & { readonly receiptId: string },
    now: Date,
  ): Promise<ClaimedMessage | undefined> {
    const { tenant, id, holdAttempt } = message;
    const [found] = await this.database.query<ClaimRow>(
      sql.CLAIM,
      [tenant, id, holdAttempt, now, contactable(rules.isOptInRequired), rules.receiptId],
      { name: 'engage_claim' },
    );
    if (found === undefined) return undefined;
    const { email, traits, subscription, is_claimed: isClaimed } = found;
    if (isClaimed && email !== null) return { email, traits };
    const customer = { hasAddress: email !== null, subscription };
    const reason = contactReason(customer, rules.isOptInRequired) ?? 'no_address';
    await cancel(this.database, tenant, [id], reason, now);
    return undefined;
  }

  override async refuse(
    tenant: string,
    refused: readonly ConsentRefusal[],
    now: Date,
  ): Promise<void> {
    await this.database.execute(sql.REFUSED, [
      tenant,
      refused.map(({ id }) => id),
      refused.map(({ reason }) => reason),
      refused.map(({ receiptId }) => receiptId),
      now,
    ]);
  }

  override async putBack(
    tenant: string,
    id: string,
    retry: { readonly at: Date; readonly why: string; readonly isAttempt: boolean },
  ): Promise<void> {
    const attempts = retry.isAttempt ? 1 : 0;
    await this.database.execute(sql.PUT_BACK, [tenant, id, retry.at, retry.why, attempts]);
  }

  override async finish(tenant: string, id: string, end: MessageEnd, now: Date): Promise<void> {
    const { state, reason, response } = end;
    await this.database.execute(
      sql.FINISH,
      [...[tenant, id, state, reason ?? null, response ?? null, now]],
      { name: 'engage_finish' },
    );
  }

  override async cancel(
    tenant: string,
    ids: readonly string[],
    reason: SuppressionReason,
    now: Date,
  ): Promise<void> {
    await cancel(this.database, tenant, ids, reason, now);
  }

  override giveUpSending(before: Date, now: Date): Promise<number> {
    return this.database.execute(sql.GIVE_UP, [before, now]);
  }

  override async countOpen(tenant: string, journeyId: string): Promise<number> {
    const [row] = await this.database.query<{ open: bigint }>(
      `select count(*) as open from messages
        where tenant = $1 and journey_id = $2 and state in ('planned', 'sending')`,
      [tenant, journeyId],
    );
    return Number(row?.open ?? 0n);
  }

  override async unsettled(limit: number): Promise<UnsettledMessage[]> {
    const rows = await this.database.query<{
      tenant: string;
      id: string;
      hold_attempt: number;
      state: MessageState;
    }>(sql.UNSETTLED, [limit]);
    return rows.map(({ hold_attempt: holdAttempt, ...row }) => ({ ...row, holdAttempt }));
  }

  override async markSettled(
    tenant: string,
    settled: readonly { readonly id: string; readonly outcome: string }[],
    now: Date,
  ): Promise<void> {
    if (settled.length === 0) return;
    await this.database.execute(sql.SETTLED, [
      tenant,
      settled.map(({ id }) => id),
      settled.map(({ outcome }) => outcome),
      now,
    ]);
  }
}

async function cancel(
  on: Queryable,
  tenant: string,
  ids: readonly string[],
  reason: SuppressionReason,
  now: Date,
): Promise<void> {
  await on.execute(sql.CANCEL, [tenant, ids, reason, now]);
}

function toPlanned(row: DueRow): PlannedMessage {
  return {
    tenant: row.tenant,
    id: row.id,
    journeyId: row.journey_id,
    customerId: row.customer_id,
    budgetId: row.budget_id,
    costMicros: row.cost_micros,
    currency: row.currency,
    holdAttempt: row.hold_attempt,
    attempts: row.attempts,
    ...(row.hold_expires_at === null ? {} : { holdExpiresAt: row.hold_expires_at }),
    ...(REGION.test(row.region ?? '') ? { region: row.region ?? '' } : {}),
  };
}
