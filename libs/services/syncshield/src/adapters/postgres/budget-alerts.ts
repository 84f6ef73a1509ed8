import { textArray, type Queryable } from '@kiki/postgres';
import type { BookChanges } from '../../domain/book.js';
import type { BudgetTree } from '../../domain/budget.js';
import type { CounterBook } from '../../domain/counter-book.js';
import {
  BREACH,
  DEFAULT_PERCENTS,
  type Crossing,
  type Mark,
} from '../../domain/money-out/crossing.js';
import type { NewEvent } from '../../domain/money-out/event.js';
import {
  breachCrossings,
  movedBudgets,
  pauseEvents,
  reachedShares,
} from '../../domain/money-out/find-crossings.js';
import { appendEvents } from './event-rows.js';
import type { LockedShard } from './shard-rows.js';

/** What a process knows of one shard, for one version of its tree. */
interface Watched {
  readonly tree: BudgetTree;
  readonly percents: ReadonlyMap<bigint, readonly number[]>;
  /** Marks that are committed: what they stand for was told. */
  readonly told: Set<string>;
}

/** A crossing, and where to remember that it was told. */
interface Found extends Crossing {
  readonly told: Set<string>;
}

/** What has to be told of one transaction. */
export interface Alerts {
  readonly crossings: readonly Found[];
  readonly events: readonly NewEvent[];
}

/** Shards, and marks of one shard, that a process remembers. */
const MAX_SHARDS = 10_000;
const MAX_MARKS = 50_000;

const MARK = `
  INSERT INTO threshold_marks (tenant, budget_no, cap_no, slot, percent, limit_amount, ends_ms)
  SELECT DISTINCT ON (k.tenant, k.budget_no, k.cap_no, k.slot, k.percent, k.limit_amount) k.*
    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::smallint[], $6::bigint[], $7::bigint[])
         AS k (tenant, budget_no, cap_no, slot, percent, limit_amount, ends_ms)
      ON CONFLICT DO NOTHING
  RETURNING tenant, budget_no, cap_no, slot, percent, limit_amount`;

/**
 * Tells once what a transaction made of the budgets it touched: shares of a limit that were reached, breaches,
 * pauses. It costs a statement only when something may have to be told that this process has not seen told yet.
 */
export class BudgetAlerts {
  private readonly shards = new Map<number, Watched>();

  /** What there is to tell, from counters as the transaction leaves them; undefined when there is nothing. */
  async find(
    tx: Queryable,
    shards: ReadonlyMap<number, LockedShard>,
    changes: BookChanges,
    counters: CounterBook,
  ): Promise<Alerts | undefined> {
    const crossings: Found[] = [];
    const events: NewEvent[] = [];
    for (const [shardNo, budgets] of movedBudgets(shards, changes)) {
      const shard = shards.get(shardNo);
      if (shard === undefined) continue;
      const watched = this.shards.get(shardNo);
      const { told, percents } =
        watched?.tree === shard.tree ? watched : await this.load(tx, shard);
      const percentsOf = (no: bigint): readonly number[] => percents.get(no) ?? DEFAULT_PERCENTS;
      const reached = reachedShares({ ...shard, percentsOf }, budgets, counters);
      const breached = breachCrossings(shard, changes.breaches);
      for (const crossing of [...reached, ...breached]) {
        if (!told.has(keyOf(crossing.mark))) crossings.push({ ...crossing, told });
      }
      events.push(...pauseEvents({ ...shard, percentsOf }, changes.pausedBudgetNos));
    }
    return crossings.length + events.length === 0 ? undefined : { crossings, events };
  }

  /** Writes what is new; call it right before the audit. */
  async append(tx: Queryable, { crossings, events }: Alerts): Promise<void> {
    const fresh = crossings.length === 0 ? [] : await this.mark(tx, crossings);
    await appendEvents(tx, [...fresh, ...events]);
  }

  private async mark(tx: Queryable, crossings: readonly Found[]): Promise<NewEvent[]> {
    const marks = crossings.map(({ mark }) => mark);
    const rows = await tx.query<MarkRow>(MARK, [
      textArray(marks.map(({ tenant }) => tenant)),
      marks.map(({ budgetNo }) => budgetNo),
      marks.map(({ capNo }) => capNo),
      marks.map(({ slot }) => slot),
      marks.map(({ percent }) => percent),
      marks.map(({ limit }) => limit),
      marks.map(({ endsMs }) => endsMs ?? null),
    ]);
    const fresh = new Set(rows.map(keyOfRow));
    const events = new Map<string, NewEvent>();
    for (const { mark, event, told } of crossings) {
      const key = keyOf(mark);
      // A mark that was there is committed, for it is written under the lock of the shard; a fresh one may still be
      // undone.
      if (!fresh.has(key)) remember(told, key);
      else if (!events.has(key)) events.set(key, event);
    }
    return [...events.values()];
  }

  private async load(tx: Queryable, { shardNo, tree }: LockedShard): Promise<Watched> {
    const rows = await tx.query<{ budget_no: bigint; percents: number[] }>(
      `SELECT t.budget_no, t.percents FROM budget_thresholds t JOIN budgets b USING (budget_no)
        WHERE b.shard_no = $1`,
      [shardNo],
      { name: 'shield-thresholds' },
    );
    if (this.shards.size > MAX_SHARDS) this.shards.clear();
    const percents = new Map(rows.map((row) => [row.budget_no, row.percents]));
    const watched = { tree, percents, told: new Set<string>() };
    this.shards.set(shardNo, watched);
    return watched;
  }
}

/** A budget goes on: the next breach is told again. */
export async function forgetBreachMarks(
  tx: Queryable,
  tenant: string,
  budgetNo: bigint,
): Promise<void> {
  await tx.execute(
    'DELETE FROM threshold_marks WHERE tenant = $1 AND budget_no = $2 AND percent = $3',
    [tenant, budgetNo, BREACH],
  );
}

function remember(told: Set<string>, key: string): void {
  if (told.size >= MAX_MARKS) told.clear();
  told.add(key);
}

interface MarkRow extends Record<string, unknown> {
  tenant: string;
  budget_no: bigint;
  cap_no: bigint;
  slot: bigint;
  percent: number;
  limit_amount: bigint;
}

function keyOf({ budgetNo, capNo, slot, percent, limit }: Mark): string {
  return `${budgetNo} ${capNo} ${slot} ${percent} ${limit}`;
}

function keyOfRow(row: MarkRow): string {
  return `${row.budget_no} ${row.cap_no} ${row.slot} ${row.percent} ${row.limit_amount}`;
}
