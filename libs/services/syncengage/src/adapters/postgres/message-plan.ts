import type { Queryable } from '@kiki/postgres';
import type { PlanResult } from '../../application/messages.js';
import type { Journey } from '../../domain/journey.js';
import {
  planReason,
  type PlanRules,
  type Subscription,
  type SuppressionReason,
} from '../../domain/suppression.js';
import * as sql from './message-statements.js';

interface OpenRow extends Record<string, unknown> {
  customer_id: string;
  state: string | null;
  hold_state: string | null;
  settled_at: Date | null;
}

interface ProfileState extends Record<string, unknown> {
  customer_id: string;
  email: string | null;
  subscription: Subscription;
  segment: string | null;
}

interface Plan {
  readonly journey: Journey;
  readonly runId: string;
  readonly rules: PlanRules;
  readonly now: Date;
}

interface Decision {
  readonly customerId: string;
  readonly reason: SuppressionReason | undefined;
}

/** Plans one chunk inside a transaction. */
export async function planChunk(
  tx: Queryable,
  plan: Plan,
  options: { readonly limit: number; readonly newId: () => string },
): Promise<PlanResult> {
  const { journey, runId } = plan;
  const scope = [journey.tenant, journey.id, runId] as const;
  const open = await tx.query<OpenRow>(sql.OPEN_ASSIGNMENTS, [...scope, options.limit]);
  if (open.length === 0) return { considered: 0, planned: 0 };
  const busy = open.filter(isBusy).map((row) => row.customer_id);
  if (busy.length > 0) await tx.execute(sql.SKIP, [...scope, busy]);
  const free = open.filter((row) => !isBusy(row)).map((row) => row.customer_id);
  const decisions = free.length === 0 ? [] : await decide(tx, plan, free);
  const planned = decisions.filter(({ reason }) => reason === undefined);
  if (planned.length > 0) await insert(tx, plan, planned, options.newId);
  if (decisions.length > 0) {
    await tx.execute(sql.CONSIDER, [
      ...scope,
      plan.now,
      decisions.map(({ customerId }) => customerId),
      decisions.map(({ reason }) => (reason === undefined ? 'pending' : 'suppressed')),
      decisions.map(({ reason }) => reason ?? null),
    ]);
  }
  return { considered: open.length, planned: planned.length };
}

/**
 * A message of an earlier run is on its way, or its money is: this run leaves the customer alone.
 */
function isBusy(row: OpenRow): boolean {
  if (row.state === null) return false;
  if (row.state !== 'cancelled') return true;
  return row.hold_state === 'held' && row.settled_at === null;
}

async function decide(
  tx: Queryable,
  { journey, rules, now }: Plan,
  customerIds: readonly string[],
): Promise<Decision[]> {
  const { tenant } = journey;
  const profiles = await tx.query<ProfileState>(sql.LOCK_PROFILES, [tenant, customerIds]);
  // Counted after the profiles are locked: what a journey beside us planned is seen, what it will
  // plan waits.
  const counts = await tx.query<{ customer_id: string; messages: bigint }>(sql.RECENT_MESSAGES, [
    tenant,
    customerIds,
    new Date(now.getTime() - rules.cap.windowMs),
  ]);
  const taken = await takenAddresses(tx, journey, profiles);
  const profileOf = new Map(profiles.map((row) => [row.customer_id, row]));
  const recentOf = new Map(counts.map((row) => [row.customer_id, Number(row.messages)]));
  return customerIds.map((customerId) => {
    const profile = profileOf.get(customerId);
    const email = profile?.email ?? null;
    const customer = {
      hasAddress: email !== null,
      isAddressTaken: email !== null && taken.has(email),
      subscription: profile?.subscription ?? 'unknown',
      isInSegment: profile?.segment === journey.segment,
      recentMessages: recentOf.get(customerId) ?? 0,
    };
    const reason = planReason(customer, rules);
    if (reason === undefined && email !== null) taken.add(email);
    return { customerId, reason };
  });
}

/** Addresses that the journey writes to by way of other customers. */
async function takenAddresses(
  tx: Queryable,
  journey: Journey,
  profiles: readonly ProfileState[],
): Promise<Set<string>> {
  const emails = profiles.flatMap(({ email }) => (email === null ? [] : [email]));
  const rows = await tx.query<{ email: string }>(sql.TAKEN_ADDRESSES, [
    ...[journey.tenant, journey.id, emails],
  ]);
  return new Set(rows.map((row) => row.email));
}

async function insert(
  tx: Queryable,
  { journey, runId, now }: Plan,
  planned: readonly Decision[],
  newId: () => string,
): Promise<void> {
  await tx.execute(sql.PLAN, [
    ...[journey.tenant, journey.id, runId, journey.budgetId, journey.costMicros, journey.currency],
    now,
    planned.map(() => newId()),
    planned.map(({ customerId }) => customerId),
  ]);
}
