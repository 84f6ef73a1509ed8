import type { Database, Queryable, Row } from '@kiki/postgres';
import {
  LedgerReader,
  type AuditEntry,
  type CheckAnswer,
  type Page,
  type PageRequest,
} from '../../application/ledger.js';
import { costOf, headroom } from '../../domain/decision.js';
import { MAX_MICROS } from '../../domain/budget.js';
import { keyOf, type Hold, type HoldState } from '../../domain/hold.js';
import { killOf, NO_CONTROLS } from '../../domain/policy/controls.js';
import { unknownBudget, unknownHold, wrongCurrency } from '../../domain/replay.js';
import { auditEntries } from './audit-entries.js';
import { findBudget } from './budget-rows.js';
import { ControlCache } from './controls.js';
import { CounterNeeds } from '../../domain/counter-needs.js';
import { loadCounters } from './counter-rows.js';
import { findHolds, HOLD_COLUMNS, toHold } from './hold-rows.js';
import { readShards, TreeCache } from './shard-rows.js';
import { STORE_NOW, storeNowMs } from './store-time.js';

type CheckRequest = Parameters<LedgerReader['check']>[1];

const SNAPSHOT = { isolation: 'repeatable read', isReadOnly: true } as const;

/** Reads the ledger without locks. */
export class PostgresReader extends LedgerReader {
  private readonly trees = new TreeCache();
  private readonly controls = new ControlCache();

  constructor(
    private readonly database: Database,
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

  override async check(tenant: string, request: CheckRequest): Promise<CheckAnswer> {
    return this.database.transaction((tx) => this.checkIn(tx, tenant, request), SNAPSHOT);
  }

  override audit(tenant: string, after: bigint, limit: number): Promise<AuditEntry[]> {
    return auditEntries(this.database, tenant, Number(after) + 1, limit);
  }

  private async checkIn(
    tx: Queryable,
    tenant: string,
    { budgetId, amountMicros, currency }: CheckRequest,
  ): Promise<CheckAnswer> {
    const row = await findBudget(tx, tenant, budgetId);
    const nowMs = await storeNowMs(tx, this.storeNow);
    const heads = row === undefined ? [] : await readShards(tx, [row.shard_no]);
    const [shard] = (await this.trees.viewsOf(tx, heads, nowMs)).values();
    const budget = shard?.tree.find(budgetId);
    if (shard === undefined || budget === undefined) throw unknownBudget(budgetId);
    if (currency !== undefined && currency !== budget.currency) {
      throw wrongCurrency(budget, currency);
    }
    const path = shard.tree.path(budget.budgetNo);
    if (path.some(({ isPaused }) => isPaused)) {
      return { isAllowed: false, reason: 'budget_paused', headroomMicros: 0n };
    }
    const controls = (await this.controls.of(tx, [tenant])).get(tenant) ?? NO_CONTROLS;
    if (killOf(controls, path) !== undefined) {
      return { isAllowed: false, reason: 'kill_switch', headroomMicros: 0n };
    }
    const needs = new CounterNeeds();
    needs.addNow(tenant, shard, budget.budgetNo);
    const counters = await loadCounters(tx, needs);
    const caps = path.flatMap((node) =>
      node.caps.map((cap) => ({
        cap,
        room: headroom(cap, counters.usage(tenant, cap, shard.nowMs)),
      })),
    );
    const headroomMicros = caps
      .filter(({ cap }) => cap.measure === 'micros')
      .reduce((least, { room }) => (room < least ? room : least), MAX_MICROS);
    const isAllowed = caps.every(({ cap, room }) => costOf(cap, amountMicros) <= room);
    const reason = isAllowed ? 'within_limits' : 'cap_exceeded';
    return { isAllowed, reason, headroomMicros };
  }
}
