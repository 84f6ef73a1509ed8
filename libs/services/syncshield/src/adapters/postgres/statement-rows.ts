import type { Queryable } from '@kiki/postgres';
import type { DayMovements } from '../../application/money-out/statements.js';

interface DayRow extends Record<string, unknown> {
  /** Null: after the end. */
  day: string | null;
  captured: bigint;
  late: bigint;
  refunded: bigint;
  external: bigint;
  correction: bigint;
}

/** The budget and everything below it, as a common table `below (budget_no, id)` of parameter `$1`. */
export const BELOW = `
  RECURSIVE below AS (
    SELECT budget_no, id FROM budgets WHERE budget_no = $1
    UNION ALL
    SELECT b.budget_no, b.id FROM below p JOIN budgets b ON b.parent_no = p.budget_no
  )`;

const MOVEMENTS = `
  WITH ${BELOW}, moves AS (
    SELECT s.settled_ms AS at_ms, s.captured_micros AS captured, s.late_micros AS late,
           s.refunded_micros AS refunded, 0::bigint AS external, 0::bigint AS correction
      FROM settlements s JOIN holds h ON h.tenant = s.tenant AND h.id = s.hold_id
     WHERE s.settled_ms >= $2 AND s.tenant = $5 AND h.budget_no IN (SELECT budget_no FROM below)
     UNION ALL
    SELECT e.recorded_ms, 0, 0, 0, CASE WHEN e.source = 'external' THEN e.amount_micros ELSE 0 END,
           CASE WHEN e.source = 'correction' THEN e.amount_micros ELSE 0 END
      FROM entries e
     WHERE e.recorded_ms >= $2 AND e.budget_no IN (SELECT budget_no FROM below)
  )
  SELECT CASE WHEN at_ms < $3 THEN (to_timestamp(at_ms / 1000.0) AT TIME ZONE $4)::date END AS day,
         sum(captured)::bigint AS captured, sum(late)::bigint AS late, sum(refunded)::bigint AS refunded,
         sum(external)::bigint AS external, sum(correction)::bigint AS correction
    FROM moves GROUP BY 1 ORDER BY 1`;

/** What moved from an instant on, by day; what came after the end in one sum. */
export async function movementsSince(
  from: Queryable,
  of: { tenant: string; budgetNo: bigint; fromMs: number; toMs: number; timeZone: string },
): Promise<{ days: DayMovements[]; afterMicros: bigint }> {
  const { tenant, budgetNo, fromMs, toMs, timeZone } = of;
  const rows = await from.query<DayRow>(MOVEMENTS, [budgetNo, fromMs, toMs, timeZone, tenant]);
  const days = rows.flatMap((row) => (row.day === null ? [] : [toDay(row, row.day)]));
  const after = rows.find(({ day }) => day === null);
  return { days, afterMicros: after === undefined ? 0n : netMicros(toDay(after, '')) };
}

/** What a day changed of what is spent. */
export function netMicros(day: DayMovements): bigint {
  return (
    day.capturedMicros +
    day.lateMicros -
    day.refundedMicros +
    day.externalMicros +
    day.correctionMicros
  );
}

function toDay(row: DayRow, day: string): DayMovements {
  return {
    ...{ day, capturedMicros: row.captured, lateMicros: row.late, refundedMicros: row.refunded },
    ...{ externalMicros: row.external, correctionMicros: row.correction },
  };
}
