import type { Database, Queryable, Row } from '@kiki/postgres';
import {
  LedgerReader,
  type AuditEntry,
  type CheckAnswer,
  type CheckRequest,
  type Page,
  type PageRequest,
} from '../../application/ledger.js';
import type { ShardView } from '../../domain/book.js';
import { MAX_MICROS, type Budget } from '../../domain/budget.js';
import type { CounterBook } from '../../domain/counter-book.js';
import { CounterNeeds } from '../../domain/counter-needs.js';
import { decideHold, headroom } from '../../domain/decision.js';
import { keyOf, type Hold, type HoldRequest, type HoldState } from '../../domain/hold.js';
import { unknownBudget, unknownHold, wrongCurrency } from '../../domain/replay.js';
import { auditEntries } from './audit-entries.js';
import { findBudget } from './budget-rows.js';
import { loadCounters } from './counter-rows.js';
import { findHolds, HOLD_COLUMNS, toHold } from './hold-rows.js';
import type { Judges } from './judges.js';
import { readShards, TreeCache } from './shard-rows.js';
import { STORE_NOW, storeNowMs } from './store-time.js';

/** A budget within its tree, with the counters of its path. */
interface Place {
  readonly tenant: string;
  readonly shard: ShardView;
  readonly budget: Budget;
  readonly path: readonly Budget[];
  readonly counters: CounterBook;
}

const SNAPSHOT = { isolation: 'repeatable read', isReadOnly: true } as const;

/** Reads the ledger without locks. */
export class PostgresReader extends LedgerReader {
  private readonly trees = new TreeCache();

  constructor(
    private readonly database: Database,
    private readonly judges: Judges,
    private readonly storeNow: string = STORE_NOW,
  ) {
    super();
  }

  override async hold(tenant: string, id: string): Promise<Hold> {
    const holds = await findHolds(this.database, [{ tenant, id }]);
    const hold = holds.get(keyOf(tenant, id));
    if (hold === undefined) throw unknownHold(id);
    return hold;
  }

  override async holds(
    tenant: string,
    filter: { readonly budgetId: string; readonly state?: HoldState | undefined },
    page: PageRequest,
  ): Promise<Page<Hold>> {
    const budget = await findBudget(this.database, tenant, filter.budgetId);
    if (budget === undefined) throw unknownBudget(filter.budgetId);
    const rows = await this.database.query<Row & { hold_no: bigint }>(
      `SELECT h.hold_no, ${HOLD_COLUMNS} FROM holds h JOIN budgets b ON b.budget_no = h.budget_no
        WHERE h.budget_no = $1 AND h.hold_no > $2 AND ($3::text IS NULL OR h.state = $3)
        ORDER BY h.hold_no LIMIT $4`,
      [budget.budget_no, BigInt(page.after ?? -1), filter.state ?? null, page.limit + 1],
    );
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1);
    const hasMore = rows.length > page.limit && last !== undefined;
    return { items: shown.map(toHold), ...(hasMore ? { next: last.hold_no.toString() } : {}) };
  }

  override check(tenant: string, request: CheckRequest): Promise<CheckAnswer> {
    return this.database.transaction((tx) => this.checkIn(tx, tenant, request), SNAPSHOT);
  }

  override headroom(tenant: string, budgetId: string): Promise<bigint> {
    return this.database.transaction(async (tx) => {
      return roomOf(await this.placeOf(tx, tenant, budgetId));
    }, SNAPSHOT);
  }

  override audit(tenant: string, after: bigint, limit: number): Promise<AuditEntry[]> {
    return auditEntries(this.database, tenant, Number(after) + 1, limit);
  }

  /** In the order of a decision: pauses, kill switches, policies, caps. */
  private async checkIn(
    tx: Queryable,
    tenant: string,
    { budgetId, amountMicros, currency, context }: CheckRequest,
  ): Promise<CheckAnswer> {
    const place = await this.placeOf(tx, tenant, budgetId);
    const { shard, budget, path, counters } = place;
    if (currency !== undefined && currency !== budget.currency) {
      throw wrongCurrency(budget, currency);
    }
    const paused = path.find(({ isPaused }) => isPaused);
    if (paused !== undefined) {
      const denial = { budgetId: paused.id };
      return { isAllowed: false, reason: 'budget_paused', denial, headroomMicros: 0n };
    }
    const request: HoldRequest = {
      ...{ tenant, id: '', budgetId, amountMicros, currency: budget.currency },
      ...{ expiresInMs: 0, graceMs: 0 },
      ...(context === undefined ? {} : { context }),
    };
    const judge = await this.judges.advising(tx, {
      shards: new Map([[shard.shardNo, shard]]),
      commands: [{ kind: 'hold', actor: '', request }],
      shardNoOf: () => shard.shardNo,
    });
    const { reason, denial } =
      judge.judge(request, path, shard.nowMs) ?? decideHold(counters, request, path, shard.nowMs);
    const policyVersion = judge.policyVersion(tenant);
    return {
      ...{ isAllowed: denial === undefined, reason },
      ...(denial === undefined ? {} : { denial }),
      ...(policyVersion === undefined ? {} : { policyVersion }),
      headroomMicros: reason === 'kill_switch' ? 0n : roomOf(place),
    };
  }

  /** A budget with what is counted on its path. */
  private async placeOf(tx: Queryable, tenant: string, budgetId: string): Promise<Place> {
    const row = await findBudget(tx, tenant, budgetId);
    const nowMs = await storeNowMs(tx, this.storeNow);
    const heads = row === undefined ? [] : await readShards(tx, [row.shard_no]);
    const [shard] = (await this.trees.viewsOf(tx, heads, nowMs)).values();
    const budget = shard?.tree.find(budgetId);
    if (shard === undefined || budget === undefined) throw unknownBudget(budgetId);
    const needs = new CounterNeeds();
    needs.addNow(tenant, shard, budget.budgetNo);
    const counters = await loadCounters(tx, needs);
    return { tenant, shard, budget, path: shard.tree.path(budget.budgetNo), counters };
  }
}

function roomOf({ tenant, shard, path, counters }: Place): bigint {
  return path
    .flatMap(({ caps }) => caps)
    .filter(({ measure }) => measure === 'micros')
    .map((cap) => headroom(cap, counters.usage(tenant, cap, shard.nowMs)))
    .reduce((least, room) => (room < least ? room : least), MAX_MICROS);
}
