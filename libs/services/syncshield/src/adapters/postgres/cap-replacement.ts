import type { Queryable } from '@kiki/postgres';
import { enforcedLimit, isCallers, withoutNo, type Budget, type Cap } from '../../domain/budget.js';
import { countsAlike, type CapInput } from '../../domain/caps.js';
import { drained } from '../../domain/rate-counter.js';
import { insertCap, keepMeter } from './budget-rows.js';
import { countedAlready } from './cap-history.js';
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
    return cap !== undefined && countsAlike(withoutNo(cap), input);
  });
  const keptIds = new Set(kept.map(({ id }) => id));
  const gone = [...old.values()].filter(({ id }) => !keptIds.has(id)).map(({ capNo }) => capNo);
  const meters = await keepMeter(tx, gone);
  await tx.execute('DELETE FROM caps WHERE cap_no = ANY($1::bigint[])', [
    gone.filter((capNo) => !meters.includes(capNo)),
  ]);
  for (const [index, input] of inputs.entries()) {
    const cap = keptIds.has(input.id) ? old.get(input.id) : undefined;
    if (cap === undefined) await addCap(tx, shard, budget, input, index + 1);
    else await changeCap(tx, shard, cap, input, index + 1);
  }
}

async function changeCap(
  tx: Queryable,
  shard: LockedShard,
  cap: Cap,
  input: CapInput,
  position: number,
): Promise<void> {
  await tx.execute(
    `UPDATE caps SET limit_amount = $2, position = $3, burst = $4, flex_percent = $5 WHERE cap_no = $1`,
    [cap.capNo, input.limit, position, input.burst ?? null, input.flexPercent ?? null],
  );
  if (cap.kind === 'rate') await drainRate(tx, cap, shard.nowMs);
  await tx.execute(
    `UPDATE cap_counters
        SET limit_amount = $2, excess = greatest(0, spent + held - $2)
      WHERE cap_no = $1`,
    [cap.capNo, enforcedLimit(input)],
  );
}

/** What is used until now drains at the old rate, from now on at the new one. */
async function drainRate(tx: Queryable, cap: Cap, nowMs: number): Promise<void> {
  const [row] = await tx.query<{ spent: bigint; part: bigint; mark: bigint }>(
    'SELECT spent, part, mark FROM cap_counters WHERE cap_no = $1',
    [cap.capNo],
  );
  if (row === undefined) return;
  const used = { spent: row.spent, part: Number(row.part) };
  const elapsedMs = Math.max(0, nowMs - Number(row.mark));
  const [spent, part] = drained(used, elapsedMs, cap.limit, cap.windowMs ?? 1);
  await tx.execute(
    'UPDATE cap_counters SET spent = $2, part = $3, mark = greatest(mark, $4) WHERE cap_no = $1',
    [cap.capNo, spent, part, nowMs],
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
  await insertCounters(tx, await countedAlready(tx, shard, budget, { capNo, ...input }));
}
