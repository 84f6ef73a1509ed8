import type { Queryable } from '@kiki/postgres';
import type { BudgetReport, CapReport } from '../../application/ledger.js';
import { headroom } from '../../domain/decision.js';
import { isCallers, meterOf, withoutNo, type Budget } from '../../domain/budget.js';
import { windowAt } from '../../domain/cap-window.js';
import type { CounterBook } from '../../domain/counter-book.js';
import type { BudgetRow } from './budget-rows.js';
import { CounterNeeds } from '../../domain/counter-needs.js';
import { loadCounters } from './counter-rows.js';
import { readShards, type LockedShard, type TreeCache } from './shard-rows.js';
import { storeNowMs } from './store-time.js';

/** Budgets with what they count now, from one snapshot. */
export async function reportBudgets(
  tx: Queryable,
  parts: { readonly trees: TreeCache; readonly storeNow: string },
  tenant: string,
  rows: readonly BudgetRow[],
): Promise<BudgetReport[]> {
  const shardNos = [...new Set(rows.map((row) => row.shard_no))];
  const nowMs = await storeNowMs(tx, parts.storeNow);
  const shards = await parts.trees.viewsOf(tx, await readShards(tx, shardNos), nowMs);
  const needs = new CounterNeeds();
  const found = rows.flatMap((row) => {
    const shard = shards.get(row.shard_no);
    const budget = shard?.tree.get(row.budget_no);
    return shard === undefined || budget === undefined ? [] : [{ row, shard, budget }];
  });
  for (const { shard, budget } of found) needs.addBudget(tenant, shard, budget);
  const counters = await loadCounters(tx, needs);
  return found.map(({ row, shard, budget }) => reportOf(row, shard, budget, counters));
}

function reportOf(
  row: BudgetRow,
  shard: LockedShard,
  budget: Budget,
  counters: CounterBook,
): BudgetReport {
  const meter = meterOf(budget);
  const total = meter && counters.usage(shard.tenant, meter, shard.nowMs);
  return {
    id: budget.id,
    ...(row.parent_id === null ? {} : { parentId: row.parent_id }),
    name: budget.name,
    currency: budget.currency,
    isPaused: budget.isPaused,
    pausesOnExternal: budget.pausesOnExternal,
    spentMicros: total?.spent ?? 0n,
    heldMicros: total?.held ?? 0n,
    caps: capReports(shard, budget, counters),
    createdMs: Number(row.created_ms),
  };
}

function capReports(shard: LockedShard, budget: Budget, counters: CounterBook): CapReport[] {
  return budget.caps.flatMap((cap) => {
    if (!isCallers(cap)) return [];
    const usage = counters.usage(shard.tenant, cap, shard.nowMs);
    const { spent, held } = usage;
    const window = windowAt(cap, shard.nowMs);
    return [{ ...withoutNo(cap), spent, held, headroom: headroom(cap, usage), window }];
  });
}
