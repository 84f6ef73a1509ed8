import type { Queryable } from '@kiki/postgres';
import { STORE_NOW } from './store-time.js';

/** Only one process notes at a time. */
const SAMPLER_LOCK = 1_802_725_477;
const QUARTER_MS = 900_000;
const FINE_MS = 7_200_000;
/** A little more than the longest window that is asked for. */
const KEPT_MS = 26 * 3_600_000;

/** Notes what the meters stand at that have moved since they were noted last. */
export async function noteSpend(tx: Queryable): Promise<void> {
  await tx.execute(
    `INSERT INTO spend_samples (budget_no, at_ms, spent_micros)
     SELECT c.budget_no, ${STORE_NOW}, k.spent
       FROM (SELECT pg_try_advisory_xact_lock($1) AS is_mine) l
       JOIN caps c ON l.is_mine AND c.is_meter
       JOIN cap_counters k ON k.tenant = c.tenant AND k.cap_no = c.cap_no AND k.slot = 0
       LEFT JOIN LATERAL (
         SELECT s.spent_micros FROM spend_samples s WHERE s.budget_no = c.budget_no ORDER BY s.at_ms DESC LIMIT 1
       ) s ON true
      WHERE k.spent IS DISTINCT FROM coalesce(s.spent_micros, 0)
         ON CONFLICT DO NOTHING`,
    [SAMPLER_LOCK],
  );
}

/** After two hours one note per quarter of an hour stays, after a day only the last one before it. */
export async function thinSamples(tx: Queryable): Promise<void> {
  await tx.execute(
    `DELETE FROM spend_samples s
      WHERE s.at_ms < ${STORE_NOW} - $1
        AND EXISTS (SELECT FROM spend_samples n
                     WHERE n.budget_no = s.budget_no AND n.at_ms > s.at_ms
                       AND (n.at_ms / $2 = s.at_ms / $2 OR n.at_ms < ${STORE_NOW} - $3))`,
    [FINE_MS, QUARTER_MS, KEPT_MS],
  );
}

/** What budgets had spent at instants, in the order of the instants, by budget. */
export async function spentAt(
  from: Queryable,
  budgetNos: readonly bigint[],
  instantsMs: readonly number[],
): Promise<Map<bigint, bigint[]>> {
  const rows = await from.query<{ budget_no: bigint; spent: bigint }>(
    `SELECT b.budget_no, coalesce(s.spent_micros, 0) AS spent
       FROM unnest($1::bigint[]) AS b (budget_no)
       CROSS JOIN unnest($2::bigint[]) WITH ORDINALITY AS t (at_ms, place)
       LEFT JOIN LATERAL (
         SELECT s.spent_micros FROM spend_samples s
          WHERE s.budget_no = b.budget_no AND s.at_ms <= t.at_ms ORDER BY s.at_ms DESC LIMIT 1
       ) s ON true
      ORDER BY b.budget_no, t.place`,
    [budgetNos, instantsMs],
  );
  const spent = new Map<bigint, bigint[]>(budgetNos.map((no) => [no, []]));
  for (const row of rows) spent.get(row.budget_no)?.push(row.spent);
  return spent;
}
