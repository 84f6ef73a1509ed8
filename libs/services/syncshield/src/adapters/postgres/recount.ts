import type { Database, Queryable, Row } from '@kiki/postgres';
import type { Budget, Cap } from '../../domain/budget.js';
import { bucketsOfWindow, LIVE_SLOT, slotAt } from '../../domain/cap-window.js';
import type { Usage } from '../../domain/counter-book.js';
import { readShards, TreeCache, type LockedShard } from './shard-rows.js';
import { STORE_NOW, storeNowMs } from './store-time.js';

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

/** Something that does not agree with the rows it is made of. */
export interface RecountProblem {
  readonly tenant: string;
  readonly what: 'counter' | 'hold' | 'audit';
  readonly id: string;
  readonly expected: string;
  readonly found: string;
}

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
  state: string;
  decided_ms: bigint;
  captured_micros: bigint;
  late_micros: bigint;
  settled_captured: bigint;
  settled_late: bigint;
}

const PAGE = 20_000;
const NOTHING: Usage = { spentMicros: 0n, heldMicros: 0n };

const HOLDS = `
  SELECT h.tenant, h.id, h.budget_no, h.hold_no, h.shard_no, h.amount_micros, h.state, h.decided_ms,
         h.captured_micros, h.late_micros, s.captured AS settled_captured, s.late AS settled_late
    FROM holds h
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(captured_micros), 0)::bigint AS captured, coalesce(sum(late_micros), 0)::bigint AS late
        FROM settlements s WHERE s.tenant = h.tenant AND s.hold_id = h.id) s
   WHERE (h.budget_no, h.hold_no) > ($1, $2) AND ($3::text IS NULL OR h.tenant = $3)
   ORDER BY h.budget_no, h.hold_no LIMIT ${PAGE}`;

const AUDIT = `
  SELECT h.tenant, h.next_seq, coalesce(sum(b.count), 0)::bigint AS records,
         coalesce(sum(regexp_count(b.records, '"action":"hold\\.(approved|denied)"')), 0)::bigint AS decisions,
         (SELECT count(*) FROM holds o WHERE o.tenant = h.tenant) AS holds
    FROM audit_heads h LEFT JOIN audit_bundles b USING (tenant)
   WHERE $1::text IS NULL OR h.tenant = $1
   GROUP BY h.tenant, h.next_seq`;

/**
 * Counts every hold and settlement anew and compares with what the ledger has counted, in one
 * snapshot.
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
  private readonly slots = new Map<bigint, Map<bigint, Usage>>();
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
    this.shards = await new TreeCache().viewsOf(
      this.tx,
      heads,
      await storeNowMs(this.tx, STORE_NOW),
    );
    const holds = await this.countHolds();
    await this.compareCounters();
    await this.compareAudit();
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
      const rows: HoldRow[] = await this.tx.query<HoldRow>(HOLDS, [
        last?.budget_no ?? -1n,
        last?.hold_no ?? -1n,
        this.tenant,
      ]);
      for (const row of rows) this.countHold(row);
      count += rows.length;
      last = rows.length === PAGE ? rows.at(-1) : undefined;
    } while (last !== undefined);
    return count;
  }

  private countHold(row: HoldRow): void {
    const found = `captured ${row.captured_micros}, late ${row.late_micros}, ${row.state}`;
    const expected = `captured ${row.settled_captured}, late ${row.settled_late}`;
    if (!found.startsWith(`${expected},`)) {
      this.problems.push({ tenant: row.tenant, what: 'hold', id: row.id, expected, found });
    }
    const usage: Usage = {
      spentMicros: row.settled_captured + row.settled_late,
      heldMicros: row.state === 'held' ? row.amount_micros : 0n,
    };
    if (usage.spentMicros === 0n && usage.heldMicros === 0n) return;
    for (const node of this.shards.get(row.shard_no)?.tree.path(row.budget_no) ?? []) {
      for (const cap of node.caps) this.add(cap, slotAt(cap, Number(row.decided_ms)), usage);
    }
  }

  private add(cap: Cap, slot: bigint, usage: Usage): void {
    let slots = this.slots.get(cap.capNo);
    if (slots === undefined) this.slots.set(cap.capNo, (slots = new Map<bigint, Usage>()));
    slots.set(slot, plus(slots.get(slot) ?? NOTHING, usage));
  }

  private async compareCounters(): Promise<void> {
    const rows = await this.tx.query<{
      cap_no: bigint;
      slot: bigint;
      spent_micros: bigint;
      held_micros: bigint;
    }>(
      `SELECT cap_no, slot, spent_micros, held_micros FROM cap_counters
        WHERE $1::text IS NULL OR tenant = $1`,
      [this.tenant],
    );
    const stored = Map.groupBy(rows, (row) => row.cap_no);
    for (const shard of this.shards.values()) {
      for (const budget of shard.tree.budgets) {
        for (const cap of budget.caps) {
          const found = new Map<bigint, Usage>();
          for (const row of stored.get(cap.capNo) ?? []) {
            found.set(row.slot, { spentMicros: row.spent_micros, heldMicros: row.held_micros });
          }
          this.compareCap(shard, budget, cap, found);
        }
      }
    }
  }

  private compareCap(
    shard: LockedShard,
    budget: Budget,
    cap: Cap,
    found: ReadonlyMap<bigint, Usage>,
  ): void {
    const counted = this.slots.get(cap.capNo) ?? new Map<bigint, Usage>();
    const compare = (slot: bigint, expected: Usage, isRight: (found: Usage) => boolean): void => {
      const usage = found.get(slot) ?? NOTHING;
      if (isRight(usage)) return;
      this.problems.push({
        tenant: shard.tenant,
        what: 'counter',
        id: `${budget.id}/${cap.id}/${slot}`,
        expected: text(expected),
        found: text(usage),
      });
    };
    for (const slot of new Set([...counted.keys(), ...found.keys()])) {
      if (slot === LIVE_SLOT) continue;
      const expected = counted.get(slot) ?? NOTHING;
      compare(slot, expected, (usage) => text(usage) === text(expected));
    }
    if (cap.kind !== 'sliding_window') return;
    // It was true when the cap was last touched and the window has only lost buckets since: never
    // too low.
    const live = windowSum(counted, cap, slotAt(cap, shard.nowMs));
    compare(LIVE_SLOT, live, (usage) => whole(usage) >= whole(live));
  }

  private async compareAudit(): Promise<void> {
    const rows = await this.tx.query<{
      tenant: string;
      next_seq: bigint;
      records: bigint;
      decisions: bigint;
      holds: bigint;
    }>(AUDIT, [this.tenant]);
    for (const { tenant, next_seq: next, records, decisions, holds } of rows) {
      const expected = `${next} records, ${holds} decisions`;
      const found = `${records} records, ${decisions} decisions`;
      if (expected !== found) {
        this.problems.push({ tenant, what: 'audit', id: 'log', expected, found });
      }
    }
  }

  private recounted(tenant: string, budget: Budget): RecountedBudget {
    const meter = budget.caps.find(({ kind }) => kind === 'meter');
    const limits = budget.caps.filter(({ kind }) => kind === 'total');
    const overMicros = budget.caps.reduce((sum, cap) => sum + this.over(cap), 0n);
    return {
      tenant,
      id: budget.id,
      currency: budget.currency,
      limitMicros: limits
        .map(({ limitMicros }) => limitMicros)
        .reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined),
      ...((meter && this.slots.get(meter.capNo)?.get(0n)) ?? NOTHING),
      overMicros,
    };
  }

  /** How far the worst slot, or the worst window, is above the cap. */
  private over(cap: Cap): bigint {
    const slots = this.slots.get(cap.capNo) ?? new Map<bigint, Usage>();
    let worst = 0n;
    for (const [slot, usage] of slots) {
      const sum = cap.kind === 'sliding_window' ? windowSum(slots, cap, slot) : usage;
      const above = whole(sum) - cap.limitMicros;
      if (above > worst) worst = above;
    }
    return worst;
  }
}

function windowSum(slots: ReadonlyMap<bigint, Usage>, cap: Cap, end: bigint): Usage {
  const { first, last } = bucketsOfWindow(cap, end);
  let sum = NOTHING;
  for (let slot = first; slot <= last; slot++) sum = plus(sum, slots.get(slot) ?? NOTHING);
  return sum;
}

function plus(a: Usage, b: Usage): Usage {
  return { spentMicros: a.spentMicros + b.spentMicros, heldMicros: a.heldMicros + b.heldMicros };
}

function whole({ spentMicros, heldMicros }: Usage): bigint {
  return spentMicros + heldMicros;
}

function text({ spentMicros, heldMicros }: Usage): string {
  return `spent ${spentMicros}, held ${heldMicros}`;
}
