import type { BookChanges, ShardView } from '../book.js';
import type { Breach } from '../breach.js';
import type { Budget, Cap } from '../budget.js';
import { windowAt } from '../cap-window.js';
import type { CounterBook } from '../counter-book.js';
import {
  BREACH,
  hasShares,
  markSlot,
  reachedPercents,
  thresholdCrossing,
  type Crossing,
} from './crossing.js';
import type { NewEvent } from './event.js';

/** A shard with what is told of its budgets. */
export interface WatchedShard extends ShardView {
  readonly tenant: string;
  /** The shares that are told of a budget. */
  readonly percentsOf: (budgetNo: bigint) => readonly number[];
}

/** The budgets, by shard, whose money or count of actions the changes may have moved upwards; one pass over them. */
export function movedBudgets(
  shards: ReadonlyMap<number, ShardView>,
  { newHolds, changedHolds, newSettlements, newEntries }: BookChanges,
): Map<number, Set<Budget>> {
  const moved = new Map<number, Set<Budget>>();
  const seen = new Set<bigint>();
  const add = ({ budgetNo, shardNo }: Place, isMoney: boolean): void => {
    if (seen.has(budgetNo)) return;
    seen.add(budgetNo);
    for (const budget of shards.get(shardNo)?.tree.path(budgetNo) ?? []) {
      if (!isMoney && !budget.caps.some(({ measure }) => measure === 'actions')) continue;
      const budgets = moved.get(shardNo);
      if (budgets === undefined) moved.set(shardNo, new Set([budget]));
      else budgets.add(budget);
    }
  };
  for (const entry of newEntries) add(entry, true);
  // A hold alone moves no money: it may come back.
  const isSettled = newSettlements.length > 0;
  if (isSettled) for (const hold of changedHolds) add(hold, true);
  for (const hold of newHolds) add(hold, isSettled);
  return moved;
}

interface Place {
  readonly budgetNo: bigint;
  readonly shardNo: number;
}

/** The shares that those budgets have reached now. */
export function reachedShares(
  { tenant, percentsOf, nowMs }: WatchedShard,
  budgets: Iterable<Budget>,
  counters: CounterBook,
): Crossing[] {
  const crossings: Crossing[] = [];
  for (const budget of budgets) {
    const percents = percentsOf(budget.budgetNo);
    for (const cap of percents.length === 0 ? [] : budget.caps.filter(hasShares)) {
      const usage = counters.usage(tenant, cap, nowMs);
      for (const percent of reachedPercents(cap, usage, percents)) {
        crossings.push(thresholdCrossing({ tenant, budget, cap }, usage, percent, nowMs));
      }
    }
  }
  return crossings;
}

/** Breaches as events: the first of a budget on a cap until it is resumed, or its slot is over. */
export function breachCrossings(shard: ShardView, breaches: readonly Breach[]): Crossing[] {
  return breaches.flatMap((breach) => {
    const budget = shard.tree.get(breach.budgetNo);
    const found = budget && capOnPath(shard, breach);
    return found === undefined || budget === undefined
      ? []
      : [breachCrossing(breach, { budget, ...found }, shard.nowMs)];
  });
}

function breachCrossing(
  breach: Breach,
  { budget, owner, cap }: { budget: Budget; owner: Budget; cap: Cap },
  nowMs: number,
): Crossing {
  const { tenant, budgetNo, capNo, capId, lateMicros, overMicros, isPausing } = breach;
  const { slot } = markSlot(cap, nowMs);
  const { toMs } = windowAt(cap, nowMs);
  return {
    mark: { tenant, budgetNo, capNo, slot, percent: BREACH, limit: cap.limit },
    event: {
      ...{ tenant, type: 'budget.breached', budgetId: budget.id, atMs: nowMs },
      data: {
        ...{ capBudgetId: owner.id, capId, kind: cap.kind, limitMicros: cap.limit, overMicros },
        ...{ lateMicros, isPausing, currency: budget.currency, cause: breach.cause },
        windowTo: toMs === undefined ? null : new Date(toMs).toISOString(),
      },
    },
  };
}

function capOnPath(shard: ShardView, breach: Breach): { owner: Budget; cap: Cap } | undefined {
  for (const owner of shard.tree.path(breach.budgetNo)) {
    const cap = owner.caps.find(({ capNo }) => capNo === breach.capNo);
    if (cap !== undefined) return { owner, cap };
  }
  return undefined;
}

/** Budgets that are paused now for a breach and were not before. */
export function pauseEvents(
  { tenant, tree, nowMs }: WatchedShard,
  pausedBudgetNos: ReadonlySet<bigint>,
): NewEvent[] {
  return [...pausedBudgetNos].flatMap((budgetNo): NewEvent[] => {
    const budget = tree.get(budgetNo);
    if (budget === undefined || budget.isPaused) return [];
    const data = { cause: 'breach' };
    return [{ tenant, type: 'budget.paused', budgetId: budget.id, atMs: nowMs, data }];
  });
}
