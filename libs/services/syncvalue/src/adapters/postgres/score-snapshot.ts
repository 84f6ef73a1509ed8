import type { Queryable, Row } from '@kiki/postgres';
import type { CustomerScore, ScorePass, ScoreSnapshot } from '../../application/customer-scores.js';
import type { TenantView } from '../../application/ledger.js';
import type { ValueTier } from '../../domain/predictor.js';
import type { RfmBounds } from '../../domain/rfm.js';
import { readAttributes } from './customer-attributes.js';
import { readLabels } from './labels.js';
import { stateOfRow, type StateRow } from './rows.js';

/** Tiers by the number under which they are stored. */
export const TIERS: readonly (ValueTier | undefined)[] = [
  undefined,
  'low',
  'medium',
  'high',
  'top',
];

interface TermsRow extends Row {
  readonly currency: string;
  readonly time_zone: string;
  readonly first_day: number | null;
  readonly newest_day: number | null;
  readonly transaction_count: bigint;
  readonly change_count: bigint;
}

/** The log of a tenant within a transaction, and the generation that is written from it. */
export async function openSnapshot(
  tx: Queryable,
  tenant: string,
  generation: bigint,
  last: ScorePass | undefined,
): Promise<ScoreSnapshot> {
  return {
    view: await readView(tx, tenant),
    last,
    bounds: () => readBounds(tx, tenant),
    states: async (afterId, limit) => {
      const rows = await tx.query<StateRow>(
        `SELECT customer_id, first_day, last_day, frequency, repeat_micros, total_micros,
                transaction_count, refund_count
           FROM customers c WHERE tenant = $1 AND customer_id > $2 AND first_day IS NOT NULL
            AND NOT EXISTS (SELECT FROM objections o
                             WHERE o.tenant = c.tenant AND o.customer_id = c.customer_id)
          ORDER BY customer_id LIMIT $3`,
        [tenant, afterId, limit],
      );
      return rows.map(stateOfRow);
    },
    attributes: (ids) => readAttributes(tx, tenant, ids),
    write: (scores) => insertScores(tx, tenant, generation, scores),
  };
}

async function readView(tx: Queryable, tenant: string): Promise<TenantView | undefined> {
  const [row] = await tx.query<TermsRow>(
    `SELECT currency, time_zone, first_day, newest_day, transaction_count,
            transaction_count + 2 * erased_count AS change_count
       FROM ledgers WHERE tenant = $1`,
    [tenant],
  );
  if (row === undefined || row.first_day === null || row.newest_day === null) return undefined;
  const terms = {
    currency: row.currency,
    timeZone: row.time_zone,
    firstDay: row.first_day,
    newestDay: row.newest_day,
    transactionCount: row.transaction_count,
  };
  return { terms, labels: await readLabels(tx, tenant), changeCount: row.change_count };
}

/** percentile_disc is the smallest value whose rank reaches the share. */
async function readBounds(tx: Queryable, tenant: string): Promise<RfmBounds> {
  const [row] = await tx.query<{ day: number[]; count: number[]; total: bigint[] }>(
    `SELECT percentile_disc(shares) WITHIN GROUP (ORDER BY last_day) AS day,
            percentile_disc(shares) WITHIN GROUP (ORDER BY frequency) AS count,
            percentile_disc(shares) WITHIN GROUP (ORDER BY total_micros) AS total
       FROM customers, (SELECT ARRAY[.2, .4, .6, .8]::double precision[] AS shares) AS quintiles
      WHERE tenant = $1 AND first_day IS NOT NULL
      GROUP BY shares`,
    [tenant],
  );
  return {
    lastDay: row?.day ?? [],
    frequency: row?.count ?? [],
    totalMicros: (row?.total ?? []).map(Number),
  };
}

async function insertScores(
  tx: Queryable,
  tenant: string,
  generation: bigint,
  scores: readonly CustomerScore[],
): Promise<void> {
  await tx.execute(
    `INSERT INTO customer_scores (tenant, generation, customer_id, ltv_micros, expected_purchases,
            alive_probability, tier, recency_score, frequency_score, monetary_score)
     SELECT $1, $2, rows.* FROM unnest($3::text[], $4::bigint[], $5::double precision[],
            $6::double precision[], $7::smallint[], $8::smallint[], $9::smallint[], $10::smallint[]) AS rows`,
    [
      tenant,
      generation,
      scores.map(({ customerId }) => customerId),
      scores.map(({ ltvMicros }) => ltvMicros),
      scores.map(({ expectedPurchases }) => expectedPurchases ?? null),
      scores.map(({ aliveProbability }) => aliveProbability ?? null),
      scores.map(({ tier }) => TIERS.indexOf(tier)),
      scores.map(({ rfm }) => rfm.recency),
      scores.map(({ rfm }) => rfm.frequency),
      scores.map(({ rfm }) => rfm.monetary),
    ],
  );
}
