import type { Queryable } from '@kiki/postgres';
import type { Plan } from '../../domain/money-out/plan.js';

interface PlanRow extends Record<string, unknown> {
  cap_id: string;
  weights: number[] | null;
  from_ms: bigint | null;
  to_ms: bigint | null;
}

/** The plan that was set for a budget. */
export async function findPlan(from: Queryable, budgetNo: bigint): Promise<Plan | undefined> {
  const [row] = await from.query<PlanRow>(
    'SELECT cap_id, weights, from_ms, to_ms FROM budget_plans WHERE budget_no = $1',
    [budgetNo],
  );
  return (
    row && {
      capId: row.cap_id,
      ...(row.weights === null ? {} : { weights: row.weights }),
      ...(row.from_ms === null ? {} : { fromMs: Number(row.from_ms) }),
      ...(row.to_ms === null ? {} : { toMs: Number(row.to_ms) }),
    }
  );
}

/** Sets or takes back the plan of a budget. */
export async function putPlan(
  tx: Queryable,
  at: { readonly tenant: string; readonly budgetNo: bigint; readonly nowMs: number },
  plan: Plan | undefined,
): Promise<void> {
  const { tenant, budgetNo, nowMs } = at;
  if (plan === undefined) {
    await tx.execute('DELETE FROM budget_plans WHERE budget_no = $1', [budgetNo]);
    return;
  }
  await tx.execute(
    `INSERT INTO budget_plans (tenant, budget_no, cap_id, weights, from_ms, to_ms, set_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (budget_no) DO UPDATE
        SET cap_id = excluded.cap_id, weights = excluded.weights, from_ms = excluded.from_ms,
            to_ms = excluded.to_ms, set_ms = excluded.set_ms`,
    [
      ...[tenant, budgetNo, plan.capId, plan.weights ?? null],
      ...[plan.fromMs ?? null, plan.toMs ?? null, nowMs],
    ],
  );
}
