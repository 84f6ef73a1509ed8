import type { Queryable, Row } from '@kiki/postgres';
import { HOUR_MS, LEARNED_HOURS, type SpendHour } from '../../domain/policy/spend-profile.js';

interface HourRow extends Row {
  hour: number;
  approved: string;
  squares: string;
}

/** Budgets with holds that were not learned from yet. */
export async function budgetsToRead(
  tx: Queryable,
  tenant: string,
  limit: number,
): Promise<bigint[]> {
  const rows = await tx.query<{ budget_no: bigint }>(
    `SELECT b.budget_no FROM budgets b
       LEFT JOIN spend_marks m ON m.tenant = b.tenant AND m.budget_no = b.budget_no
      WHERE b.tenant = $1 AND EXISTS (
        SELECT 1 FROM holds h WHERE h.budget_no = b.budget_no AND h.hold_no > coalesce(m.hold_no, -1))
      ORDER BY b.budget_no LIMIT $2`,
    [tenant, limit],
  );
  return rows.map((row) => row.budget_no);
}

/**
 * Adds the next holds of a budget to its hours and moves its mark, in one statement. Within a budget holds are
 * numbered in order of commit: nothing is passed over.
 */
export async function readHolds(
  tx: Queryable,
  at: { readonly tenant: string; readonly budgetNo: bigint; readonly nowMs: number },
  limit: number,
): Promise<void> {
  const firstHour = Math.floor(at.nowMs / HOUR_MS) - LEARNED_HOURS;
  await tx.execute(
    `WITH page AS MATERIALIZED (
       SELECT hold_no, decided_ms, amount_micros::numeric AS amount, is_approved FROM holds
        WHERE budget_no = $2 AND hold_no > coalesce(
          (SELECT hold_no FROM spend_marks WHERE tenant = $1 AND budget_no = $2), -1)
        ORDER BY hold_no LIMIT $5
     ), hours AS (
       INSERT INTO spend_hours (tenant, budget_no, hour, approved_micros, squares)
       SELECT $1, $2, decided_ms / ${HOUR_MS}, sum(amount), sum(amount * amount) FROM page
        WHERE is_approved AND decided_ms >= $3::bigint * ${HOUR_MS}
        GROUP BY decided_ms / ${HOUR_MS}
       ON CONFLICT (tenant, budget_no, hour) DO UPDATE
          SET approved_micros = spend_hours.approved_micros + excluded.approved_micros,
              squares = spend_hours.squares + excluded.squares
     ), mark AS (
       INSERT INTO spend_marks (tenant, budget_no, hold_no)
       SELECT $1, $2, max(hold_no) FROM page HAVING max(hold_no) IS NOT NULL
       ON CONFLICT (tenant, budget_no) DO UPDATE SET hold_no = excluded.hold_no
     )
     DELETE FROM spend_hours WHERE tenant = $1 AND budget_no = $2 AND hour < $4`,
    [at.tenant, at.budgetNo, firstHour, firstHour - 1, limit],
  );
}

/** What was approved at a budget and everything below it, by hour. */
export async function hoursBelow(
  tx: Queryable,
  tenant: string,
  budgetNo: bigint,
): Promise<SpendHour[]> {
  const rows = await tx.query<HourRow>(
    `WITH RECURSIVE below AS (
       SELECT budget_no FROM budgets WHERE tenant = $1 AND budget_no = $2
       UNION ALL
       SELECT b.budget_no FROM below JOIN budgets b ON b.parent_no = below.budget_no
     )
     SELECT h.hour, sum(h.approved_micros)::text AS approved, sum(h.squares)::text AS squares
       FROM below JOIN spend_hours h ON h.tenant = $1 AND h.budget_no = below.budget_no
      GROUP BY h.hour`,
    [tenant, budgetNo],
  );
  return rows.map(({ hour, approved, squares }) => ({
    ...{ hour, approvedMicros: BigInt(approved), squares: BigInt(squares) },
  }));
}
