import type { ValueOptions } from '@kiki/clv';
import type { Database, Queryable, Row } from '@kiki/postgres';
import {
  CustomerScores,
  type CustomerScore,
  type ScorePass,
  type ScorePassFacts,
  type ScoreSnapshot,
} from '../../application/customer-scores.js';
import type { DriftReport } from '../../domain/drift.js';
import type { ValueTier } from '../../domain/predictor.js';
import { openSnapshot, TIERS } from './score-snapshot.js';

interface PassRow extends Row {
  readonly tenant: string;
  readonly generation: bigint;
  readonly version: string;
  readonly as_of_day: number;
  readonly transaction_count: bigint;
  readonly customer_count: bigint;
  readonly computed_at: Date;
  readonly options: ValueOptions;
  readonly drift: (Omit<DriftReport, 'asOf'> & { readonly asOf: string }) | null;
}

interface ScoreRow extends Row {
  readonly customer_id: string;
  readonly ltv_micros: bigint;
  readonly expected_purchases: number | null;
  readonly alive_probability: number | null;
  readonly tier: number;
  readonly recency_score: number;
  readonly frequency_score: number;
  readonly monetary_score: number;
}

const PASS_COLUMNS = `tenant, generation, version, as_of_day, transaction_count, customer_count,
  computed_at, options, drift`;
const SCORE_COLUMNS = `customer_id, ltv_micros, expected_purchases, alive_probability, tier,
  recency_score, frequency_score, monetary_score`;
/** Rows of old tables deleted at a time. */
const SWEEP = 20_000;

/** Tables of values on PostgreSQL: each a generation of rows, written and made current in one transaction. */
export class PostgresCustomerScores extends CustomerScores {
  constructor(private readonly database: Database) {
    super();
  }

  override async tenants(): Promise<string[]> {
    const rows = await this.database.query<{ tenant: string }>(
      `SELECT tenant FROM model_labels WHERE label = 'champion' ORDER BY tenant`,
    );
    return rows.map(({ tenant }) => tenant);
  }

  override async rewrite(
    tenant: string,
    work: (snapshot: ScoreSnapshot) => Promise<ScorePassFacts | undefined>,
  ): Promise<void> {
    const run = async (tx: Queryable): Promise<void> => {
      const [turn] = await tx.query<{ taken: boolean }>(
        `SELECT pg_try_advisory_xact_lock(hashtext('syncvalue scores'), hashtext($1)) AS taken`,
        [tenant],
      );
      if (turn?.taken !== true) return;
      const last = await readPass(tx, tenant);
      const generation = (last?.generation ?? 0n) + 1n;
      const facts = await work(await openSnapshot(tx, tenant, generation, last));
      if (facts === undefined) return;
      await insertPass(tx, tenant, generation, facts);
      await sweep(tx, tenant, generation - 1n);
    };
    // One snapshot; run once, because the next pass comes anyway.
    await this.database.transaction(run, { isolation: 'repeatable read', attempts: 1 });
  }

  override pass(tenant: string, generation?: bigint): Promise<ScorePass | undefined> {
    return readPass(this.database, tenant, generation);
  }

  override async passes(): Promise<Map<string, ScorePass>> {
    const rows = await this.database.query<PassRow>(
      `SELECT DISTINCT ON (tenant) ${PASS_COLUMNS} FROM score_passes ORDER BY tenant, generation DESC`,
    );
    return new Map(rows.map((row) => [row.tenant, passOf(row)]));
  }

  override async list(
    tenant: string,
    { generation, tier, limit, after }: Parameters<CustomerScores['list']>[1],
  ): Promise<CustomerScore[]> {
    const values = [tenant, generation, limit + 1];
    const bind = (value: string | number | bigint): string => `$${values.push(value)}`;
    const isOfTier = tier === undefined ? '' : `AND tier = ${bind(TIERS.indexOf(tier))}`;
    const isAfter = after === undefined ? '' : afterCondition(after, bind);
    const rows = await this.database.query<ScoreRow>(
      `SELECT ${SCORE_COLUMNS} FROM customer_scores
        WHERE tenant = $1 AND generation = $2 ${isOfTier} ${isAfter}
        ORDER BY ltv_micros DESC, customer_id LIMIT $3`,
      values,
    );
    return rows.map(scoreOf);
  }

  override async of(
    tenant: string,
    generation: bigint,
    customerId: string,
  ): Promise<CustomerScore | undefined> {
    const [row] = await this.database.query<ScoreRow>(
      `SELECT ${SCORE_COLUMNS} FROM customer_scores
        WHERE tenant = $1 AND generation = $2 AND customer_id = $3`,
      [tenant, generation, customerId],
    );
    return row && scoreOf(row);
  }
}

/** The first comparison bounds the scan of the index, the second one settles ties. */
function afterCondition(
  { ltvMicros, customerId }: Pick<CustomerScore, 'ltvMicros' | 'customerId'>,
  bind: (value: string | bigint) => string,
): string {
  const value = bind(ltvMicros);
  return `AND ltv_micros <= ${value} AND (ltv_micros < ${value} OR customer_id > ${bind(customerId)})`;
}

async function readPass(
  from: Queryable,
  tenant: string,
  generation?: bigint,
): Promise<ScorePass | undefined> {
  const [row] = await from.query<PassRow>(
    `SELECT ${PASS_COLUMNS} FROM score_passes
      WHERE tenant = $1 AND ($2::bigint IS NULL OR generation = $2) ORDER BY generation DESC LIMIT 1`,
    [tenant, generation ?? null],
  );
  return row && passOf(row);
}

async function insertPass(
  tx: Queryable,
  tenant: string,
  generation: bigint,
  facts: ScorePassFacts,
): Promise<void> {
  await tx.execute(
    `INSERT INTO score_passes (${PASS_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      tenant,
      generation,
      facts.version,
      facts.asOfDay,
      facts.transactionCount,
      facts.customerCount,
      new Date(facts.computedAtMs),
      JSON.stringify(facts.options),
      facts.drift === undefined ? null : JSON.stringify(facts.drift),
    ],
  );
}

/** Removes the tables before a generation, a few rows at a time. */
async function sweep(tx: Queryable, tenant: string, before: bigint): Promise<void> {
  await tx.execute('DELETE FROM score_passes WHERE tenant = $1 AND generation < $2', [
    tenant,
    before,
  ]);
  for (let removed = SWEEP; removed === SWEEP;) {
    removed = await tx.execute(
      `DELETE FROM customer_scores WHERE ctid = ANY(ARRAY(
         SELECT ctid FROM customer_scores WHERE tenant = $1 AND generation < $2 LIMIT ${SWEEP}))`,
      [tenant, before],
    );
  }
}

function passOf(row: PassRow): ScorePass {
  return {
    generation: row.generation,
    version: row.version,
    asOfDay: row.as_of_day,
    transactionCount: row.transaction_count,
    options: row.options,
    computedAtMs: row.computed_at.getTime(),
    customerCount: Number(row.customer_count),
    drift: row.drift === null ? undefined : { ...row.drift, asOf: new Date(row.drift.asOf) },
  };
}

function scoreOf(row: ScoreRow): CustomerScore {
  return {
    customerId: row.customer_id,
    ltvMicros: row.ltv_micros,
    expectedPurchases: row.expected_purchases ?? undefined,
    aliveProbability: row.alive_probability ?? undefined,
    tier: TIERS[row.tier] as ValueTier,
    rfm: {
      recency: row.recency_score,
      frequency: row.frequency_score,
      monetary: row.monetary_score,
    },
  };
}
