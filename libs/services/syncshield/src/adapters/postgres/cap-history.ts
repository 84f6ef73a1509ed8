import type { Queryable, Row } from '@kiki/postgres';
import { enforcedLimit, followsMoney, type Budget, type Cap } from '../../domain/budget.js';
import { LIVE_SLOT, MIN_WINDOW_MS, ringOf, slotAt, WHOLE_SLOT } from '../../domain/cap-window.js';
import type { CounterRow, Usage } from '../../domain/counter-book.js';
import { drained } from '../../domain/rate-counter.js';
import type { LockedShard } from './shard-rows.js';

interface PastRow extends Row {
  unit: bigint;
  spent: bigint;
  held: bigint;
  approved: bigint;
  actions: bigint;
}

// What a budget and everything below it hold and spent, by units of time.
const PAST = `
  SELECT unit, sum(spent)::bigint AS spent, sum(held)::bigint AS held, sum(approved)::bigint AS approved,
         sum(actions)::bigint AS actions
    FROM (
      SELECT decided_ms / $2::bigint AS unit, captured_micros + late_micros - refunded_micros AS spent,
             CASE WHEN state = 'held' THEN amount_micros - captured_micros ELSE 0 END AS held,
             CASE WHEN is_approved THEN amount_micros ELSE 0 END AS approved, is_approved::int AS actions
        FROM holds WHERE budget_no = ANY($1::bigint[]) AND decided_ms >= $3
      UNION ALL
      SELECT counted_ms / $2::bigint, amount_micros, 0, 0, 0
        FROM entries WHERE budget_no = ANY($1::bigint[]) AND counted_ms >= $3) past
   GROUP BY unit ORDER BY unit`;

const QUARTER_MS = 900_000;
const EVER_MS = 9_007_199_254_740_991;

/**
 * The counters that a new cap starts with: what is held and spent already, in its slots; of a rate
 * what one window has approved, at most its burst.
 */
export async function countedAlready(
  tx: Queryable,
  shard: LockedShard,
  budget: Budget,
  cap: Cap,
): Promise<CounterRow[]> {
  const below = shard.tree.budgets.filter(({ budgetNo }) =>
    shard.tree.path(budgetNo).includes(budget),
  );
  const { unitMs, sinceMs } = resolutionOf(cap, shard.nowMs);
  const rows = await tx.query<PastRow>(PAST, [
    below.map(({ budgetNo }) => budgetNo),
    unitMs,
    sinceMs,
  ]);
  const past = rows.map((row) => ({ ...row, atMs: Number(row.unit) * unitMs }));
  const of = { tenant: shard.tenant, cap };
  if (cap.kind === 'rate') return [rateRow(of, past, shard.nowMs)];
  const slots = new Map<number, Usage>();
  for (const { atMs, ...row } of past) {
    const slot = slotAt(cap, atMs);
    const usage = slots.get(slot) ?? { spent: 0n, held: 0n };
    slots.set(slot, plus(usage, usageOf(cap, row)));
  }
  return cap.kind === 'sliding_window'
    ? windowRows(of, slots, shard.nowMs)
    : [...slots].map(([slot, usage]) => rowOf(of, slot, usage, 0));
}

interface CapOf {
  readonly tenant: string;
  readonly cap: Cap;
}

/** How finely the past has to be read, and from when on. */
function resolutionOf(cap: Cap, nowMs: number): { unitMs: number; sinceMs: number } {
  const { kind, windowMs = MIN_WINDOW_MS } = cap;
  if (kind === 'rate') return { unitMs: 1, sinceMs: nowMs - windowMs };
  if (kind === 'sliding_window') {
    const { bucketMs, size } = ringOf(windowMs);
    return { unitMs: bucketMs, sinceMs: (Math.floor(nowMs / bucketMs) - size + 1) * bucketMs };
  }
  // Days begin on quarter hours everywhere.
  return { unitMs: kind === 'total' ? EVER_MS : QUARTER_MS, sinceMs: 0 };
}

function usageOf(cap: Cap, row: Pick<PastRow, 'spent' | 'held' | 'actions'>): Usage {
  return followsMoney(cap)
    ? { spent: row.spent, held: row.held }
    : { spent: row.actions, held: 0n };
}

function windowRows(of: CapOf, buckets: ReadonlyMap<number, Usage>, nowMs: number): CounterRow[] {
  const { bucketMs, size } = ringOf(of.cap.windowMs ?? MIN_WINDOW_MS);
  const first = Math.floor(nowMs / bucketMs) - size + 1;
  const live = [...buckets.values()]
    .map(({ spent, held }) => ({ spent: spent > 0n ? spent : 0n, held }))
    .reduce(plus, { spent: 0n, held: 0n });
  return [
    rowOf(of, LIVE_SLOT, live, first),
    ...[...buckets].map(([bucket, usage]) => rowOf(of, bucket % size, usage, bucket)),
  ];
}

function rateRow(
  of: CapOf,
  past: readonly { atMs: number; approved: bigint; actions: bigint }[],
  nowMs: number,
): CounterRow {
  const { cap } = of;
  const windowMs = cap.windowMs ?? MIN_WINDOW_MS;
  const burst = enforcedLimit(cap);
  let used = { spent: 0n, part: 0 };
  let sinceMs = nowMs - windowMs;
  const drain = (toMs: number): void => {
    const [spent, part] = drained(used, toMs - sinceMs, cap.limit, windowMs);
    used = { spent, part };
    sinceMs = toMs;
  };
  for (const { atMs, approved, actions } of past) {
    drain(atMs);
    const spent = used.spent + (cap.measure === 'actions' ? actions : approved);
    used = spent < burst ? { ...used, spent } : { spent: burst, part: 0 };
  }
  drain(nowMs);
  return { ...rowOf(of, WHOLE_SLOT, { spent: used.spent, held: 0n }, nowMs), part: used.part };
}

function rowOf({ tenant, cap }: CapOf, slot: number, usage: Usage, mark: number): CounterRow {
  const limit = enforcedLimit(cap);
  const above = usage.spent + usage.held - limit;
  const excess = above > 0n ? above : 0n;
  const { spent, held } = usage;
  return { tenant, capNo: cap.capNo, slot, spent, held, limit, excess, mark, part: 0 };
}

function plus(a: Usage, b: Usage): Usage {
  return { spent: a.spent + b.spent, held: a.held + b.held };
}
