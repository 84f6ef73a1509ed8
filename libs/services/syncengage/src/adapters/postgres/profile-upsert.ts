import type { Queryable, SqlValue } from '@kiki/postgres';
import type { EngageEvent } from '../../domain/event.js';
import { foldProfiles, mergeFacts, type ProfileUpdate } from '../../domain/profile-update.js';
import * as sql from './event-statements.js';

interface FactsRow extends Record<string, unknown> {
  customer_id: string;
  email: string | null;
  traits: Record<string, unknown>;
  trait_times: Record<string, number>;
}

/** Writes what events say about customers: new ones at once, known ones merged under their lock. */
export async function putProfiles(
  tx: Queryable,
  tenant: string,
  events: readonly EngageEvent[],
): Promise<void> {
  const updates = foldProfiles(events);
  if (updates.length === 0) return;
  const added = await tx.query<{ customer_id: string }>(
    sql.ADD_PROFILES,
    parameters(tenant, updates),
  );
  const isNew = new Set(added.map((row) => row.customer_id));
  const known = updates.filter(({ customerId }) => !isNew.has(customerId));
  if (known.length > 0) await merge(tx, tenant, known);
  await object(tx, tenant, updates);
}

async function merge(
  tx: Queryable,
  tenant: string,
  updates: readonly ProfileUpdate[],
): Promise<void> {
  const rows = await tx.query<FactsRow>(sql.LOCK_FACTS, [
    tenant,
    updates.map(({ customerId }) => customerId),
  ]);
  const rowOf = new Map(rows.map((row) => [row.customer_id, row]));
  const merged = updates.flatMap((update) => {
    const row = rowOf.get(update.customerId);
    if (row === undefined) return [];
    const { email: _email, traits: _traits, traitTimes: _times, ...rest } = update;
    return [{ ...rest, ...mergeFacts(factsOf(row), update) }];
  });
  await tx.execute(sql.PUT_PROFILES, parameters(tenant, merged));
}

function factsOf(row: FactsRow) {
  const { email, traits, trait_times: traitTimes } = row;
  return { traits, traitTimes, ...(email === null ? {} : { email }) };
}

function parameters(tenant: string, updates: readonly ProfileUpdate[]): SqlValue[] {
  return [
    tenant,
    updates.map(({ customerId }) => customerId),
    updates.map(({ email }) => email ?? null),
    updates.map(({ traits }) => JSON.stringify(traits)),
    updates.map(({ traitTimes }) => JSON.stringify(traitTimes)),
    updates.map(({ firstSeenAt }) => firstSeenAt),
    updates.map(({ lastSeenAt }) => lastSeenAt),
  ];
}

async function object(
  tx: Queryable,
  tenant: string,
  updates: readonly ProfileUpdate[],
): Promise<void> {
  const objections = updates.flatMap(({ customerId, objection }) =>
    objection === undefined ? [] : [{ customerId, ...objection }],
  );
  if (objections.length === 0) return;
  await tx.execute(sql.OBJECT, [
    tenant,
    objections.map(({ customerId }) => customerId),
    objections.map(({ at }) => at),
    objections.map(({ proof }) => proof),
  ]);
}
