import type { Queryable } from '@kiki/postgres';
import type { LeaseRoom } from '../../application/leases.js';
import { enforcedLimit, MAX_MICROS } from '../../domain/budget.js';
import { CounterNeeds } from '../../domain/counter-needs.js';
import { headroom } from '../../domain/decision.js';
import { unknownBudget } from '../../domain/replay.js';
import { findBudget } from './budget-rows.js';
import { loadCounters } from './counter-rows.js';
import { readShards, type TreeCache } from './shard-rows.js';
import { storeNowMs } from './store-time.js';

/** What a budget and everything above it leave, read without locks. @throws budget_not_found */
export async function leaseRoom(
  tx: Queryable,
  parts: { readonly trees: TreeCache; readonly storeNow: string },
  tenant: string,
  budgetId: string,
): Promise<LeaseRoom> {
  const row = await findBudget(tx, tenant, budgetId);
  const nowMs = await storeNowMs(tx, parts.storeNow);
  const heads = row === undefined ? [] : await readShards(tx, [row.shard_no]);
  const [shard] = (await parts.trees.viewsOf(tx, heads, nowMs)).values();
  const budget = shard?.tree.find(budgetId);
  if (shard === undefined || budget === undefined) throw unknownBudget(budgetId);
  const needs = new CounterNeeds();
  needs.addNow(tenant, shard, budget.budgetNo);
  const counters = await loadCounters(tx, needs);
  const caps = shard.tree.path(budget.budgetNo).flatMap((node) => node.caps);
  let leftPermille = 1_000;
  let headroomMicros = MAX_MICROS;
  for (const cap of caps.filter(({ measure }) => measure === 'micros')) {
    const room = headroom(cap, counters.usage(tenant, cap, shard.nowMs));
    const limit = enforcedLimit(cap);
    const left = limit === 0n ? 0 : Number((room * 1_000n) / limit);
    if (left < leftPermille) leftPermille = left;
    if (room < headroomMicros) headroomMicros = room;
  }
  const isCountingActions = caps.some(({ measure }) => measure === 'actions');
  return { currency: budget.currency, isCountingActions, headroomMicros, leftPermille };
}
