import type { Clock } from '@kiki/kernel';
import type { Database, Row } from '@kiki/postgres';
import type { ConsentAsk, ConsentCheck } from '../../application/consent-check.js';
import { DecisionHistory, type DecisionPage } from '../../application/dry-run.js';
import type { BudgetTree } from '../../domain/budget.js';
import type { ConsentVerdict } from '../../domain/policy/finding.js';
import type { SpendProfile } from '../../domain/policy/spend-profile.js';
import { HOLD_COLUMNS, toHold } from './hold-rows.js';
import { readProfiles } from './profile-rows.js';
import { readShards, TreeCache } from './shard-rows.js';
import { STORE_NOW, storeNowMs } from './store-time.js';

interface AcquisitionRow extends Row {
  budget_no: bigint;
  hour: number;
  count: bigint;
}

/** Decisions that a page aims at, and the most that one statement reads. */
const PAGE_AIM = 2_000;
const PAGE_MAX = 10_000;
const FIRST_SLICE_MS = 60_000;
const LONGEST_SLICE_MS = 86_400_000;

/**
 * Decisions by slices of time, whose length follows how many there are: a range of time is a range of pages of the
 * table (BRIN), each read by one statement of its own, so that nothing is kept from being cleaned up.
 */
export class PostgresDecisionHistory extends DecisionHistory {
  private readonly trees = new TreeCache();

  constructor(
    private readonly database: Database,
    private readonly checks: ConsentCheck,
    private readonly clock: Clock,
    private readonly storeNow: string = STORE_NOW,
  ) {
    super();
  }

  override nowMs(): Promise<number> {
    return storeNowMs(this.database, this.storeNow);
  }

  override async *pages(
    tenant: string,
    fromMs: number,
    toMs: number,
  ): AsyncGenerator<DecisionPage> {
    const trees = await this.treesOf(tenant);
    let sliceMs = FIRST_SLICE_MS;
    for (let atMs = fromMs; atMs < toMs;) {
      const untilMs = Math.min(toMs, atMs + sliceMs);
      const rows = await this.slice(tenant, atMs, untilMs);
      if (rows.length > PAGE_MAX && sliceMs > 1) {
        sliceMs = Math.max(1, Math.floor(sliceMs / 8));
        continue;
      }
      const holds = rows.map(toHold).map((hold) => {
        const path = trees.get(hold.shardNo)?.path(hold.budgetNo) ?? [];
        return { hold, path };
      });
      yield { holds, untilMs };
      atMs = untilMs;
      if (rows.length < PAGE_AIM / 2) sliceMs = Math.min(LONGEST_SLICE_MS, sliceMs * 2);
      else if (rows.length > PAGE_AIM) sliceMs = Math.max(1, Math.floor(sliceMs / 2));
    }
  }

  override async profiles(tenant: string): Promise<ReadonlyMap<bigint, SpendProfile>> {
    const rows = await this.database.query<{ budget_no: bigint }>(
      'SELECT budget_no FROM spend_profiles WHERE tenant = $1',
      [tenant],
    );
    return readProfiles(
      this.database,
      tenant,
      rows.map((row) => row.budget_no),
    );
  }

  override async acquisitions(
    tenant: string,
    fromHour: number,
  ): Promise<{ budgetNo: bigint; hour: number; count: number }[]> {
    const rows = await this.database.query<AcquisitionRow>(
      'SELECT budget_no, hour, count FROM acquisition_hours WHERE tenant = $1 AND hour >= $2',
      [tenant, fromHour],
    );
    return rows.map((row) => ({
      ...{ budgetNo: row.budget_no, hour: row.hour, count: Number(row.count) },
    }));
  }

  override consents(tenant: string, asks: readonly ConsentAsk[]): Promise<ConsentVerdict[]> {
    return this.checks.verdicts(this.database, tenant, asks);
  }

  /** One more than a page may have, if there are that many. */
  private slice(tenant: string, fromMs: number, untilMs: number): Promise<Row[]> {
    return this.database.query<Row>(
      `SELECT ${HOLD_COLUMNS} FROM holds h JOIN budgets b ON b.budget_no = h.budget_no
        WHERE h.tenant = $1 AND h.decided_ms >= $2 AND h.decided_ms < $3
        ORDER BY h.decided_ms, h.hold_no LIMIT $4`,
      [tenant, fromMs, untilMs, untilMs - fromMs > 1 ? PAGE_MAX + 1 : Number.MAX_SAFE_INTEGER],
    );
  }

  private async treesOf(tenant: string): Promise<ReadonlyMap<number, BudgetTree>> {
    const rows = await this.database.query<{ shard_no: number }>(
      'SELECT shard_no FROM shards WHERE tenant = $1',
      [tenant],
    );
    const heads = await readShards(
      this.database,
      rows.map((row) => row.shard_no),
    );
    const views = await this.trees.viewsOf(this.database, heads, this.clock.nowMs());
    return new Map([...views].map(([shardNo, { tree }]) => [shardNo, tree]));
  }
}
