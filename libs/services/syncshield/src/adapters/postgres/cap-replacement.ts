import type { Queryable } from '@kiki/postgres';
import { isCallers, type Budget, type Cap } from '../../domain/budget.js';
import { bucketsOfWindow, LIVE_SLOT, slotAt } from '../../domain/cap-window.js';
import { countsAlike, type CapInput } from '../../domain/caps.js';
import type { CounterRow, Usage } from '../../domain/counter-book.js';
import { insertCap } from './budget-rows.js';
import { insertCounters } from './counter-rows.js';
import type { LockedShard } from './shard-rows.js';

/**
 * Replaces the caps of a budget under the lock of its shard. A cap that counts in the same slots
 * keeps its counters; a new one counts what is held and spent already.
 */
export async function replaceCapRows(
  tx: Queryable,
  shard: LockedShard,
  budget: Budget,
  inputs: readonly CapInput[],
): Promise<void> {
  const old = new Map(budget.caps.filter(isCallers).map((c) => [c.id, c]));
  const kept = inputs.filter((input) => {
    const cap = old.get(input.id);
    return cap !== undefined && countsAlike(cap, input);
  });
  const keptIds = new Set(kept.map(({ id }) => id));
  const gone = [...old.values()].filter(({ id }) => !keptIds.has(id)).map(({ capNo }) => capNo);
  await tx.execute('DELETE FROM caps WHERE cap_no = ANY($1::bigint[])', [gone]);
  for (const [index, input] of inputs.entries()) {
    const cap = keptIds.has(input.id) ? old.get(input.id) : undefined;
    if (cap === undefined) await addCap(tx, shard, budget, input, index + 1);
    else await changeCap(tx, cap, input, index + 1);
  }
}

async function changeCap(
  tx: Queryable,
  cap: Cap,
  { limitMicros }: CapInput,
  position: number,
): Promise<void> {
  await tx.execute('UPDATE caps SET limit_micros = $2, position = $3 WHERE cap_no = $1', [
    cap.capNo,
    limitMicros,
    position,
  ]);
  await tx.execute(
    `UPDATE cap_counters
        SET limit_micros = $2, excess_micros = greatest(0, spent_micros + held_micros - $2)
      WHERE cap_no = $1`,
    [cap.capNo, limitMicros],
  );
}

async function addCap(
  tx: Queryable,
  shard: LockedShard,
  budget: Budget,
  input: CapInput,
  position: number,
): Promise<void> {
  const { tenant } = shard;
  const capNo = await insertCap(tx, { tenant, budgetNo: budget.budgetNo, position }, input);
  const cap: Cap = { capNo, ...input };
  await insertCounters(
    tx,
    countersOf(tenant, cap, await usageBySlot(tx, shard, budget, cap), shard),
  );
}

/** What a budget and everything below it hold and spent, by the slots of a cap. */
async function usageBySlot(
  tx: Queryable,
  shard: LockedShard,
  budget: Budget,
  cap: Cap,
): Promise<Map<bigint, Usage>> {
  const below = shard.tree.budgets.filter(({ budgetNo }) =>
    shard.tree.path(budgetNo).includes(budget),
  );
  const rows = await tx.query<{ decided_ms: bigint; spent: bigint; held: bigint }>(
    `SELECT decided_ms, sum(captured_micros + late_micros)::bigint AS spent,
            sum(CASE WHEN state = 'held' THEN amount_micros ELSE 0 END)::bigint AS held
       FROM holds
      WHERE budget_no = ANY($1::bigint[]) AND (state = 'held' OR captured_micros + late_micros > 0)
      GROUP BY decided_ms`,
    [below.map(({ budgetNo }) => budgetNo)],
  );
  const usage = new Map<bigint, Usage>();
  for (const row of rows) {
    const slot = slotAt(cap, Number(row.decided_ms));
    usage.set(slot, add(usage.get(slot), { spentMicros: row.spent, heldMicros: row.held }));
  }
  return usage;
}

function countersOf(
  tenant: string,
  cap: Cap,
  usage: ReadonlyMap<bigint, Usage>,
  shard: LockedShard,
): CounterRow[] {
  const rows = [...usage].map(([slot, of]) => counterOf(tenant, cap, slot, of));
  if (cap.kind !== 'sliding_window') return rows;
  const { first, last } = bucketsOfWindow(cap, slotAt(cap, shard.nowMs));
  const live = [...usage]
    .filter(([slot]) => slot >= first && slot <= last)
    .reduce((sum, [, of]) => add(sum, of), { spentMicros: 0n, heldMicros: 0n });
  return [...rows, counterOf(tenant, cap, LIVE_SLOT, live)];
}

function counterOf(tenant: string, cap: Cap, slot: bigint, usage: Usage): CounterRow {
  const { capNo, limitMicros } = cap;
  const above = usage.spentMicros + usage.heldMicros - limitMicros;
  return { tenant, capNo, slot, ...usage, limitMicros, excessMicros: above > 0n ? above : 0n };
}

function add(a: Usage = { spentMicros: 0n, heldMicros: 0n }, b: Usage): Usage {
  return {
    spentMicros: a.spentMicros + b.spentMicros,
    heldMicros: a.heldMicros + b.heldMicros,
  };
}
