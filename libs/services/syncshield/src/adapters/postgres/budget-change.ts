import { kernelErrors, type Clock } from '@kiki/kernel';
import type { Database, Queryable } from '@kiki/postgres';
import type { AuditRecord } from '../../domain/audit-record.js';
import type { Budget } from '../../domain/budget.js';
import { unknownBudget } from '../../domain/replay.js';
import { appendAudit } from './audit-rows.js';
import { findBudget } from './budget-rows.js';
import { untilKnown } from './settled-outcome.js';
import { lockShards, TreeCache, writeShards, type LockedShard } from './shard-rows.js';
import { STORE_NOW, storeNowMs } from './store-time.js';

/** Which budget is changed, and by whom. */
export interface BudgetChangeOf {
  readonly tenant: string;
  readonly id: string;
  readonly actor: string;
}

/** Changes something that hangs on a budget, alone on its shard, as decisions are. */
export class BudgetChanges {
  private readonly trees = new TreeCache();

  constructor(
    readonly database: Database,
    private readonly clock: Clock,
    readonly storeNow: string = STORE_NOW,
  ) {}

  /**
   * Runs `work` under the lock of the shard; what it returns is the audit record, undefined when nothing changed.
   * @throws budget_not_found, shard_busy, decision_unknown
   */
  run(
    { tenant, id }: BudgetChangeOf,
    work: (tx: Queryable, budget: Budget, shard: LockedShard) => Promise<AuditRecord | undefined>,
  ): Promise<void> {
    const once = (): Promise<void> =>
      this.database.transaction(
        async (tx) => {
          const row = await findBudget(tx, tenant, id);
          if (row === undefined) throw unknownBudget(id);
          const heads = await lockShards(tx, [row.shard_no]);
          const nowMs = await storeNowMs(tx, this.storeNow);
          const shard = (await this.trees.viewsOf(tx, heads, nowMs)).get(row.shard_no);
          const budget = shard?.tree.get(row.budget_no);
          if (shard === undefined || budget === undefined) {
            throw kernelErrors.internal('A budget has no shard.');
          }
          const record = await work(tx, budget, shard);
          if (record === undefined) return;
          await writeShards(tx, [{ ...shard, isTreeChanged: true }]);
          await appendAudit(tx, [record]);
        },
        { settings: { lock_timeout: '2s' } },
      );
    return untilKnown(once, { clock: this.clock, unknownForMs: 5_000 });
  }
}
