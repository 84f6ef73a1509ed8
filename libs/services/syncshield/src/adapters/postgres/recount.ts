import type { Database, Queryable, Row } from '@kiki/postgres';
import { followsMoney, meterOf, type Budget } from '../../domain/budget.js';
import { WHOLE_SLOT } from '../../domain/cap-window.js';
import { allCounters } from './counter-rows.js';
import { CapRecount, type Counted } from './recount-caps.js';
import { brokenRules, type RecountProblem } from './recount-rules.js';
import { readShards, TreeCache, type LockedShard } from './shard-rows.js';

/** A budget as its holds and settlements say, without looking at a counter. */
export interface RecountedBudget {
  readonly tenant: string;
  readonly id: string;
  readonly currency: string;
  /** The smallest `total` cap; undefined when there is none. */
  readonly limitMicros: bigint | undefined;
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
  /**
   * Sum over the caps of how far their worst day or window is above; late spend and lowered limits
   * count too.
   */
  readonly overMicros: bigint;
}

export type { RecountProblem } from './recount-rules.js';

/** What a recount found. */
export interface RecountReport {
  readonly budgets: readonly RecountedBudget[];
  readonly holds: number;
  readonly overspendMicros: bigint;
  readonly problems: readonly RecountProblem[];
}

interface HoldRow extends Row {
  tenant: string;
  id: string;
  budget_no: bigint;
  hold_no: bigint;
  shard_no: number;
  amount_micros: bigint;
  is_approved: boolean;
  state: string;
  decided_ms: bigint;
  captured_micros: bigint;
  late_micros: bigint;
  refunded_micros: bigint;
  settled_captured: bigint;
  settled_late: bigint;
  settled_refunded: bigint;
}

interface EntryRow extends Row {
  shard_no: number;
  budget_no: bigint;
  entry_no: bigint;
  amount_micros: bigint;
  counted_ms: bigint;
}

const PAGE = 20_000;

const HOLDS = `
  SELECT h.tenant, h.id, h.budget_no, h.hold_no, h.shard_no, h.amount_micros, h.is_approved, h.state, h.decided_ms,
         h.captured_micros, h.late_micros, h.refunded_micros, s.captured AS settled_captured,
         s.late AS settled_late, s.refunded AS settled_refunded
    FROM holds h
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(captured_micros), 0)::bigint AS captured, coalesce(sum(late_micros), 0)::bigint AS late,
             coalesce(sum(refunded_micros), 0)::bigint AS refunded
        FROM settlements s WHERE s.tenant = h.tenant AND s.hold_id = h.id) s
   WHERE (h.budget_no, h.hold_no) > ($1, $2) AND ($3::text IS NULL OR h.tenant = $3)
   ORDER BY h.budget_no, h.hold_no LIMIT ${PAGE}`;

const ENTRIES = `
  SELECT shard_no, budget_no, entry_no, amount_micros, counted_ms FROM entries
   WHERE (budget_no, entry_no) > ($1, $2) AND ($3::text IS NULL OR tenant = $3)
   ORDER BY budget_no, entry_no LIMIT ${PAGE}`;

/**
 * Counts every hold, settlement and entry anew and compares with what the ledger has counted, and
 * checks the rules that rows keep among themselves, in one snapshot. What a rate has used is not
 * counted anew: it depends on the limits it had.
 * @param database a database whose search path is SyncShield's schema
 * @param tenant only this one
 */
export async function recount(database: Database, tenant?: string): Promise<RecountReport> {
  return database.transaction((tx) => new Recount(tx, tenant ?? null).run(), {
    isolation: 'repeatable read',
    isReadOnly: true,
  });
}

class Recount {
  private shards: ReadonlyMap<number, LockedShard> = new Map();
  private readonly caps = new CapRecount();
  private readonly problems: RecountProblem[] = [];

  constructor(
    private readonly tx: Queryable,
    private readonly tenant: string | null,
  ) {}

  async run(): Promise<RecountReport> {
    const numbers = await this.tx.query<{ shard_no: number }>(
      'SELECT shard_no FROM shards WHERE $1::text IS NULL OR tenant = $1 ORDER BY shard_no',
      [this.tenant],
    );
    const heads = await readShards(
      this.tx,
      numbers.map((row) => row.shard_no),
    );
    // As it stood at the last write of each shard.
    this.shards = await new TreeCache().viewsOf(this.tx, heads, 0);
    const holds = await this.countHolds();
    await this.countEntries();
    await this.compareCounters();
    this.problems.push(...(await brokenRules(this.tx, this.tenant)));
    const budgets = [...this.shards.values()].flatMap((shard) =>
      shard.tree.budgets.map((budget) => this.recounted(shard.tenant, budget)),
    );
    const overspendMicros = budgets.reduce((sum, { overMicros }) => sum + overMicros, 0n);
    return { budgets, holds, overspendMicros, problems: this.problems };
  }

  private async countHolds(): Promise<number> {
    let count = 0;
    let last: HoldRow | undefined;
    do {
      const after = [last?.budget_no ?? -1n, last?.hold_no ?? -1n, this.tenant];
      const rows: HoldRow[] = await this.tx.query<HoldRow>(HOLDS, after);
      for (const row of rows) this.countHold(row);
      count += rows.length;
      last = rows.length === PAGE ? rows.at(-1) : undefined;
    } while (last !== undefined);
    return count;
  }

  private countHold(row: HoldRow): void {
    const amounts = (captured: bigint, late: bigint, refunded: bigint): string =>
      `captured ${captured}, late ${late}, refunded ${refunded}`;
    const found = amounts(row.captured_micros, row.late_micros, row.refunded_micros);
    const expected = amounts(row.settled_captured, row.settled_late, row.settled_refunded);
    if (found !== expected) {
      this.problems.push({ tenant: row.tenant, what: 'hold', id: row.id, expected, found });
    }
    this.count(row.shard_no, row.budget_no, {
      atMs: Number(row.decided_ms),
      spent: row.settled_captured + row.settled_late - row.settled_refunded,
      held: row.state === 'held' ? row.amount_micros - row.settled_captured : 0n,
      approvedMicros: row.is_approved ? row.amount_micros : 0n,
    });
  }

  private async countEntries(): Promise<void> {
    let last: EntryRow | undefined;
    do {
      const after = [last?.budget_no ?? -1n, last?.entry_no ?? -1n, this.tenant];
      const rows: EntryRow[] = await this.tx.query<EntryRow>(ENTRIES, after);
      for (const row of rows) {
        const spent = row.amount_micros;
        const atMs = Number(row.counted_ms);
        this.count(row.shard_no, row.budget_no, { atMs, spent, held: 0n, approvedMicros: 0n });
      }
      last = rows.length === PAGE ? rows.at(-1) : undefined;
    } while (last !== undefined);
  }

  private count(shardNo: number, budgetNo: bigint, counted: Counted): void {
    for (const node of this.shards.get(shardNo)?.tree.path(budgetNo) ?? []) {
      for (const cap of node.caps) this.caps.add(cap, counted);
    }
  }

  private async compareCounters(): Promise<void> {
    const stored = Map.groupBy(await allCounters(this.tx, this.tenant), ({ capNo }) => capNo);
    for (const shard of this.shards.values()) {
      for (const budget of shard.tree.budgets) {
        for (const cap of budget.caps) {
          const problems = this.caps.compare(cap, stored.get(cap.capNo) ?? [], shard.nowMs);
          for (const { slot, expected, found } of problems) {
            const id = `${budget.id}/${cap.id}/${slot}`;
            this.problems.push({ tenant: shard.tenant, what: 'counter', id, expected, found });
          }
        }
      }
    }
  }

  private recounted(tenant: string, budget: Budget): RecountedBudget {
    const meter = meterOf(budget);
    const { spent = 0n, held = 0n } = (meter && this.caps.usage(meter, WHOLE_SLOT)) ?? {};
    const limits = budget.caps.filter((cap) => cap.kind === 'total' && followsMoney(cap));
    return {
      tenant,
      id: budget.id,
      currency: budget.currency,
      limitMicros: limits
        .map(({ limit }) => limit)
        .reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined),
      spentMicros: spent,
      heldMicros: held,
      overMicros: budget.caps
        .filter(followsMoney)
        .reduce((sum, cap) => sum + this.caps.over(cap), 0n),
    };
  }
}
