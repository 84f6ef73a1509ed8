import type { Queryable } from '@kiki/postgres';
import { Thresholds, type ThresholdSettings } from '../../application/money-out/thresholds.js';
import { DEFAULT_PERCENTS } from '../../domain/money-out/crossing.js';
import { moneyOutChanged } from '../../domain/money-out/money-out-record.js';
import { unknownBudget } from '../../domain/replay.js';
import type { BudgetChangeOf, BudgetChanges } from './budget-change.js';
import { findBudget } from './budget-rows.js';

/** Thresholds in PostgreSQL. */
export class PostgresThresholds extends Thresholds {
  constructor(private readonly changes: BudgetChanges) {
    super();
  }

  override async get(tenant: string, budgetId: string): Promise<ThresholdSettings> {
    const { database } = this.changes;
    const row = await findBudget(database, tenant, budgetId);
    if (row === undefined) throw unknownBudget(budgetId);
    return readSettings(database, row.budget_no);
  }

  override async replace(
    change: BudgetChangeOf,
    percents: readonly number[],
  ): Promise<ThresholdSettings> {
    const sorted = [...percents].sort((a, b) => a - b);
    await this.changes.run(change, async (tx, { budgetNo }, shard) => {
      const before = await readSettings(tx, budgetNo);
      if (!before.isDefault && before.percents.join() === sorted.join()) return undefined;
      await tx.execute(
        `INSERT INTO budget_thresholds (tenant, budget_no, percents) VALUES ($1, $2, $3)
             ON CONFLICT (budget_no) DO UPDATE SET percents = excluded.percents`,
        [change.tenant, budgetNo, sorted],
      );
      const at = { tenant: change.tenant, actor: change.actor, atMs: shard.nowMs };
      return moneyOutChanged(at, 'thresholds.replaced', {
        ...{ budgetId: change.id, before: { percents: before.percents } },
        after: { percents: sorted },
      });
    });
    return { percents: sorted, isDefault: false };
  }
}

async function readSettings(from: Queryable, budgetNo: bigint): Promise<ThresholdSettings> {
  const [row] = await from.query<{ percents: number[] }>(
    'SELECT percents FROM budget_thresholds WHERE budget_no = $1',
    [budgetNo],
  );
  if (row === undefined) return { percents: DEFAULT_PERCENTS, isDefault: true };
  return { percents: row.percents, isDefault: false };
}
