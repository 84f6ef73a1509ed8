import type { Queryable } from '@kiki/postgres';
import {
  Pacing,
  type PacedCap,
  type PacingReport,
  type PlanProgress,
} from '../../application/money-out/pacing.js';
import { isCallers, meterOf, type Budget, type Cap } from '../../domain/budget.js';
import { windowAt } from '../../domain/cap-window.js';
import type { CounterBook } from '../../domain/counter-book.js';
import { CounterNeeds } from '../../domain/counter-needs.js';
import { headroom } from '../../domain/decision.js';
import { exhaustionMs, perHour, robustPerHour } from '../../domain/money-out/burn-rate.js';
import { moneyOutChanged } from '../../domain/money-out/money-out-record.js';
import {
  defaultPlan,
  isPlannable,
  plannedMicros,
  windowOfPlan,
  type Plan,
} from '../../domain/money-out/plan.js';
import { unknownBudget } from '../../domain/replay.js';
import { errors } from '../../errors.js';
import type { BudgetChangeOf, BudgetChanges } from './budget-change.js';
import { findBudget, type BudgetRow } from './budget-rows.js';
import { loadCounters } from './counter-rows.js';
import { findPlan, putPlan } from './plan-rows.js';
import { readShards, TreeCache, type LockedShard } from './shard-rows.js';
import { spentAt } from './spend-samples.js';
import { storeNowMs } from './store-time.js';

const SNAPSHOT = { isolation: 'repeatable read', isReadOnly: true } as const;
const BURN_WINDOWS_MS = [300_000, 3_600_000, 86_400_000];
const PARTS = 12;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Pacing in PostgreSQL: counters and notes of one snapshot. */
export class PostgresPacing extends Pacing {
  private readonly trees = new TreeCache();

  constructor(private readonly changes: BudgetChanges) {
    super();
  }

  override read(tenant: string, budgetId: string): Promise<PacingReport> {
    const { database, storeNow } = this.changes;
    return database.transaction(async (tx) => {
      const row = await findBudget(tx, tenant, budgetId);
      if (row === undefined) throw unknownBudget(budgetId);
      const nowMs = await storeNowMs(tx, storeNow);
      const shards = await this.trees.viewsOf(tx, await readShards(tx, [row.shard_no]), nowMs);
      const shard = shards.get(row.shard_no);
      const budget = shard?.tree.get(row.budget_no);
      if (shard === undefined || budget === undefined) throw unknownBudget(budgetId);
      const needs = new CounterNeeds();
      needs.addNow(tenant, shard, budget.budgetNo);
      const counters = await loadCounters(tx, needs);
      const set = await findPlan(tx, budget.budgetNo);
      return report({ row, shard, budget, counters }, set, await rates(tx, shard, row, counters));
    }, SNAPSHOT);
  }

  override plan(change: BudgetChangeOf, plan: Plan | undefined): Promise<void> {
    const { tenant, actor, id } = change;
    return this.changes.run(change, async (tx, budget, shard) => {
      if (plan !== undefined) checkPlan(plan, budget);
      const before = await findPlan(tx, budget.budgetNo);
      if (JSON.stringify(before) === JSON.stringify(plan)) return undefined;
      await putPlan(tx, { tenant, budgetNo: budget.budgetNo, nowMs: shard.nowMs }, plan);
      const action = plan === undefined ? 'plan.removed' : 'plan.replaced';
      const facts = { budgetId: id, before: before ?? null, after: plan ?? null };
      return moneyOutChanged({ tenant, actor, atMs: shard.nowMs }, action, facts);
    });
  }
}

interface Snapshot {
  readonly row: BudgetRow;
  readonly shard: LockedShard;
  readonly budget: Budget;
  readonly counters: CounterBook;
}

interface Rates {
  readonly robust: ReadonlyMap<bigint, bigint>;
  readonly burn: PacingReport['burn'];
}

/** Rates of every budget of the path; the windows of burn rates of the budget alone. */
async function rates(
  tx: Queryable,
  shard: LockedShard,
  row: BudgetRow,
  counters: CounterBook,
): Promise<Rates> {
  const path = shard.tree.path(row.budget_no);
  const ageMs = Math.max(MINUTE_MS, shard.nowMs - Number(row.created_ms));
  const spanMs = Math.min(HOUR_MS, ageMs);
  const borders = Array.from(
    { length: PARTS },
    (_, i) => shard.nowMs - (spanMs * (PARTS - i)) / PARTS,
  );
  const windows = BURN_WINDOWS_MS.map((windowMs) => shard.nowMs - windowMs);
  const instants = [...borders, ...windows].map(Math.floor);
  const totals = await spentAt(
    tx,
    path.map(({ budgetNo }) => budgetNo),
    instants,
  );
  const robust = new Map<bigint, bigint>();
  let burn: PacingReport['burn'] = [];
  for (const node of path) {
    const now = spentIn(shard, node, counters).spent;
    const known = totals.get(node.budgetNo) ?? [];
    robust.set(node.budgetNo, robustPerHour([...known.slice(0, PARTS), now], spanMs));
    if (node.budgetNo !== row.budget_no) continue;
    burn = BURN_WINDOWS_MS.map((windowMs, i) => ({
      windowMs,
      perHour: perHour(now - (known[PARTS + i] ?? 0n), Math.min(windowMs, ageMs)),
    }));
  }
  return { robust, burn };
}

function report(snapshot: Snapshot, set: Plan | undefined, { robust, burn }: Rates): PacingReport {
  const { shard, budget, counters } = snapshot;
  const path = shard.tree.path(budget.budgetNo);
  const caps = path.flatMap((node) =>
    node.caps
      .filter(isCallers)
      .map((cap) => pacedCap(shard, node, cap, counters, robust.get(node.budgetNo) ?? 0n)),
  );
  const plan = progress(snapshot, set);
  const first = caps
    .filter(({ exhaustsMs }) => exhaustsMs !== undefined)
    .toSorted((a, b) => (a.exhaustsMs ?? 0) - (b.exhaustsMs ?? 0))[0];
  const { spent, held } = spentIn(shard, budget, counters);
  return {
    ...{ budgetId: budget.id, currency: budget.currency, asOfMs: shard.nowMs },
    isPaused: path.some(({ isPaused }) => isPaused),
    ...{ spentMicros: spent, heldMicros: held, burn, caps },
    ratePerHour: robust.get(budget.budgetNo) ?? 0n,
    ...(plan === undefined ? {} : { plan }),
    ...(first?.exhaustsMs === undefined
      ? {}
      : { exhaustion: { atMs: first.exhaustsMs, budgetId: first.budgetId, capId: first.cap.id } }),
  };
}

function pacedCap(
  { tenant, nowMs }: LockedShard,
  node: Budget,
  cap: Cap,
  counters: CounterBook,
  ratePerHour: bigint,
): PacedCap {
  const usage = counters.usage(tenant, cap, nowMs);
  const window = windowAt(cap, nowMs);
  const room = headroom(cap, usage);
  const isMoney = cap.measure === 'micros' && cap.kind !== 'rate';
  const { windowMs } = cap;
  const isSliding = cap.kind === 'sliding_window' && windowMs !== undefined;
  const exhaustsMs = isMoney
    ? exhaustionMs({
        ...{ headroomMicros: room, ratePerHour, nowMs },
        ...(isSliding || window.toMs === undefined ? {} : { windowEndMs: window.toMs }),
        ...(isSliding ? { sliding: { limitMicros: cap.limit, windowMs } } : {}),
      })
    : undefined;
  return {
    ...{ budgetId: node.id, cap, spent: usage.spent, held: usage.held, headroom: room, window },
    ...(exhaustsMs === undefined ? {} : { exhaustsMs }),
  };
}

function progress(
  { shard, budget, counters }: Snapshot,
  set: Plan | undefined,
): PlanProgress | undefined {
  const plan = set ?? defaultPlan(budget);
  const cap = plan && budget.caps.find(({ id }) => id === plan.capId);
  if (plan === undefined || cap === undefined || !isPlannable(cap)) return undefined;
  const window = windowOfPlan(plan, cap, shard.nowMs);
  if (window === undefined) return undefined;
  return {
    ...{ ...plan, ...window, isDefault: set === undefined, limitMicros: cap.limit },
    plannedMicros: plannedMicros(cap.limit, plan, window, shard.nowMs),
    spentMicros: counters.usage(shard.tenant, cap, shard.nowMs).spent,
  };
}

function spentIn(
  { tenant, nowMs }: LockedShard,
  node: Budget,
  counters: CounterBook,
): { spent: bigint; held: bigint } {
  const meter = meterOf(node);
  return meter === undefined ? { spent: 0n, held: 0n } : counters.usage(tenant, meter, nowMs);
}

function checkPlan({ capId, fromMs, toMs }: Plan, budget: Budget): void {
  const refuse = (field: string, expected: string): never => {
    throw errors.plan_invalid(undefined, { fields: [{ field, expected }] });
  };
  const cap = budget.caps.find(({ id }) => id === capId);
  if (cap === undefined || !isPlannable(cap)) {
    return refuse('capId', 'a total or calendar cap of this budget that counts micros');
  }
  const isTotal = cap.kind === 'total';
  if (isTotal !== (fromMs !== undefined && toMs !== undefined)) {
    refuse(
      'from',
      isTotal ? 'from and to: a total has no window' : 'nothing: the cap has its window',
    );
  }
}
