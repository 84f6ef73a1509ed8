import type { Queryable, Row } from '@kiki/postgres';
import { MAX_MICROS, METER_ID } from '../../domain/budget.js';
import type { CapInput } from '../../domain/caps.js';

/** A budget as it is stored. */
export interface BudgetRow extends Row {
  id: string;
  budget_no: bigint;
  shard_no: number;
  parent_no: bigint | null;
  parent_id: string | null;
  depth: number;
  currency: string;
  creation: string;
  created_ms: bigint;
}

const COLUMNS = `b.id, b.budget_no, b.shard_no, b.parent_no, p.id AS parent_id, b.depth, b.currency, b.creation,
  b.created_ms`;
const FROM = 'FROM budgets b LEFT JOIN budgets p ON p.budget_no = b.parent_no';

/** One budget of a tenant. */
export async function findBudget(
  tx: Queryable,
  tenant: string,
  id: string,
): Promise<BudgetRow | undefined> {
  const sql = `SELECT ${COLUMNS} ${FROM} WHERE b.tenant = $1 AND b.id = $2`;
  const [row] = await tx.query<BudgetRow>(sql, [tenant, id]);
  return row;
}

/** Budgets of a tenant by id. */
export function listBudgets(
  tx: Queryable,
  tenant: string,
  after: string,
  limit: number,
): Promise<BudgetRow[]> {
  const sql = `SELECT ${COLUMNS} ${FROM} WHERE b.tenant = $1 AND b.id COLLATE "C" > $2
                ORDER BY b.id COLLATE "C" LIMIT $3`;
  return tx.query<BudgetRow>(sql, [tenant, after, limit]);
}

/** Makes sure that a root's shard exists, and gives its number. */
export async function rootShard(tx: Queryable, tenant: string, rootId: string): Promise<number> {
  await tx.execute(
    'INSERT INTO shards (tenant, root_id) VALUES ($1, $2) ON CONFLICT (tenant, root_id) DO NOTHING',
    [tenant, rootId],
  );
  const [row] = await tx.query<{ shard_no: number }>(
    'SELECT shard_no FROM shards WHERE tenant = $1 AND root_id = $2',
    [tenant, rootId],
  );
  return row?.shard_no ?? -1;
}

/** What a new budget is stored with. */
export interface NewBudget {
  readonly tenant: string;
  readonly id: string;
  readonly shardNo: number;
  readonly parentNo: bigint | null;
  readonly depth: number;
  readonly name: string;
  readonly currency: string;
  readonly creation: string;
  readonly createdMs: number;
  readonly pausesOnExternal: boolean;
}

/** Stores a budget, and gives its number. */
export async function insertBudget(tx: Queryable, budget: NewBudget): Promise<bigint> {
  const { tenant, id, shardNo, parentNo, depth, name, currency, creation, createdMs } = budget;
  const { pausesOnExternal } = budget;
  const [row] = await tx.query<{ budget_no: bigint }>(
    `INSERT INTO budgets (tenant, id, shard_no, parent_no, depth, name, currency, creation, created_ms,
                          pauses_on_external)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING budget_no`,
    [tenant, id, shardNo, parentNo, depth, name, currency, creation, createdMs, pausesOnExternal],
  );
  return row?.budget_no ?? -1n;
}

/** Stores the caps of a new budget; without a total over money also a meter. */
export async function insertCaps(
  tx: Queryable,
  tenant: string,
  budgetNo: bigint,
  caps: readonly CapInput[],
): Promise<void> {
  const meter = caps.find(({ kind, measure }) => kind === 'total' && measure === 'micros');
  if (meter === undefined) {
    await tx.execute(
      `INSERT INTO caps (tenant, budget_no, id, position, kind, measure, limit_amount, is_meter)
       VALUES ($1, $2, $3, 0, 'meter', 'micros', $4, true)`,
      [tenant, budgetNo, METER_ID, MAX_MICROS],
    );
  }
  for (const [index, cap] of caps.entries()) {
    await insertCap(tx, { tenant, budgetNo, position: index + 1, isMeter: cap === meter }, cap);
  }
}

/** A total that is to go becomes the meter of its budget if it has been that until now. */
export async function keepMeter(tx: Queryable, capNos: readonly number[]): Promise<number[]> {
  const rows = await tx.query<{ cap_no: bigint }>(
    `UPDATE caps SET id = $2, position = 0, kind = 'meter', limit_amount = $3
      WHERE cap_no = ANY($1::bigint[]) AND is_meter RETURNING cap_no`,
    [capNos, METER_ID, MAX_MICROS],
  );
  const kept = rows.map(({ cap_no: capNo }) => Number(capNo));
  await tx.execute(
    `UPDATE cap_counters SET limit_amount = $2, excess = greatest(0, spent + held - $2)
      WHERE cap_no = ANY($1::bigint[])`,
    [kept, MAX_MICROS],
  );
  return kept;
}

/** Where a cap stands. */
export interface CapPlace {
  readonly tenant: string;
  readonly budgetNo: bigint;
  readonly position: number;
  /** Whether it counts for the budget as its meter. @default false */
  readonly isMeter?: boolean;
}

/** Stores a cap and gives its number. */
export async function insertCap(tx: Queryable, at: CapPlace, cap: CapInput): Promise<number> {
  const [row] = await tx.query<{ cap_no: bigint }>(
    `INSERT INTO caps (tenant, budget_no, id, position, kind, measure, limit_amount, time_zone, window_ms, burst,
                       flex_percent, is_meter)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING cap_no`,
    [
      at.tenant,
      at.budgetNo,
      cap.id,
      at.position,
      cap.kind,
      cap.measure,
      cap.limit,
      cap.timeZone ?? null,
      cap.windowMs ?? null,
      cap.burst ?? null,
      cap.flexPercent ?? null,
      at.isMeter ?? false,
    ],
  );
  return Number(row?.cap_no ?? -1);
}
