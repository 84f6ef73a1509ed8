import { kernelErrors } from '@kiki/kernel';
import type { Queryable, Row } from '@kiki/postgres';
import {
  Acquisitions,
  type AcquisitionInput,
  type AcquisitionReceipt,
} from '../../application/spend-learning.js';
import { controlChanged } from '../../domain/control-record.js';
import { HOUR_MS } from '../../domain/policy/spend-profile.js';
import { errors } from '../../errors.js';
import { appendAudit } from './audit-rows.js';
import type { ControlChanges } from './control-change.js';
import { storeNowMs } from './store-time.js';

interface KnownRow extends Row {
  id: string;
  budget_no: bigint;
  count: number;
}

/** Reported acquisitions in PostgreSQL, summed per hour for the budget and every one above it. */
export class PostgresAcquisitions extends Acquisitions {
  constructor(private readonly changes: ControlChanges) {
    super();
  }

  override record(
    tenant: string,
    actor: string,
    acquisitions: readonly AcquisitionInput[],
  ): Promise<AcquisitionReceipt> {
    return this.changes.run(async (tx) => {
      const nowMs = await storeNowMs(tx, this.changes.storeNow);
      const budgetNos = await budgetsOf(tx, tenant, acquisitions);
      const fresh = await insert(tx, tenant, acquisitions, budgetNos, nowMs);
      await checkSame(tx, tenant, acquisitions, budgetNos);
      if (fresh.length > 0) {
        await addToHours(tx, tenant, fresh, budgetNos, nowMs);
        const change = { tenant, actor, atMs: nowMs };
        const facts = { counts: sumsOf(fresh) };
        await appendAudit(tx, [controlChanged(change, 'acquisitions.recorded', facts)]);
      }
      return { recorded: fresh.length, repeated: acquisitions.length - fresh.length };
    });
  }
}

async function budgetsOf(
  tx: Queryable,
  tenant: string,
  acquisitions: readonly AcquisitionInput[],
): Promise<Map<string, bigint>> {
  const rows = await tx.query<{ id: string; budget_no: bigint }>(
    'SELECT id, budget_no FROM budgets WHERE tenant = $1 AND id = ANY($2::text[])',
    [tenant, acquisitions.map(({ budgetId }) => budgetId)],
  );
  const budgetNos = new Map(rows.map((row) => [row.id, row.budget_no]));
  const fields = acquisitions.flatMap(({ budgetId }, index) =>
    budgetNos.has(budgetId)
      ? []
      : [{ field: `acquisitions[${index}].budgetId`, expected: 'a budget of this tenant' }],
  );
  if (fields.length > 0) throw errors.budget_not_found(undefined, { fields });
  return budgetNos;
}

/** Those that were not known; in order of their ids, so that two reports never wait for each other. */
async function insert(
  tx: Queryable,
  tenant: string,
  acquisitions: readonly AcquisitionInput[],
  budgetNos: ReadonlyMap<string, bigint>,
  nowMs: number,
): Promise<AcquisitionInput[]> {
  const sorted = [...acquisitions].sort((a, b) => (a.id < b.id ? -1 : 1));
  const rows = await tx.query<{ id: string }>(
    `INSERT INTO acquisitions (tenant, id, budget_no, count, at_ms, recorded_ms)
     SELECT $1, k.*, $6 FROM unnest($2::text[], $3::bigint[], $4::int[], $5::bigint[])
       AS k (id, budget_no, count, at_ms)
     ON CONFLICT DO NOTHING RETURNING id`,
    [
      tenant,
      sorted.map(({ id }) => id),
      sorted.map(({ budgetId }) => budgetNos.get(budgetId) ?? -1n),
      sorted.map(({ count }) => count),
      sorted.map(({ atMs }) => atMs ?? nowMs),
      nowMs,
    ],
  );
  const fresh = new Set(rows.map(({ id }) => id));
  return sorted.filter(({ id }) => fresh.delete(id));
}

async function checkSame(
  tx: Queryable,
  tenant: string,
  acquisitions: readonly AcquisitionInput[],
  budgetNos: ReadonlyMap<string, bigint>,
): Promise<void> {
  const rows = await tx.query<KnownRow>(
    'SELECT id, budget_no, count FROM acquisitions WHERE tenant = $1 AND id = ANY($2::text[])',
    [tenant, acquisitions.map(({ id }) => id)],
  );
  const known = new Map(rows.map((row) => [row.id, row]));
  const fields = acquisitions.flatMap(({ id, budgetId, count }, index) => {
    const row = known.get(id);
    const isSame = row?.budget_no === budgetNos.get(budgetId) && row?.count === count;
    const expected = 'the first body of this id, or a new id';
    return isSame ? [] : [{ field: `acquisitions[${index}].id`, expected }];
  });
  if (fields.length > 0) {
    throw kernelErrors.idempotency_conflict(
      'An acquisition was reported before with another body.',
      {
        fields,
      },
    );
  }
}

async function addToHours(
  tx: Queryable,
  tenant: string,
  fresh: readonly AcquisitionInput[],
  budgetNos: ReadonlyMap<string, bigint>,
  nowMs: number,
): Promise<void> {
  await tx.execute(
    `WITH RECURSIVE given AS (
       SELECT * FROM unnest($2::bigint[], $3::int[], $4::int[]) AS k (budget_no, hour, count)
     ), path AS (
       SELECT b.budget_no AS leaf_no, b.budget_no, b.parent_no FROM budgets b
        WHERE b.budget_no IN (SELECT budget_no FROM given)
       UNION ALL
       SELECT p.leaf_no, b.budget_no, b.parent_no FROM path p JOIN budgets b ON b.budget_no = p.parent_no
     )
     INSERT INTO acquisition_hours (tenant, budget_no, hour, count)
     SELECT $1, path.budget_no, given.hour, sum(given.count)
       FROM given JOIN path ON path.leaf_no = given.budget_no
      GROUP BY path.budget_no, given.hour ORDER BY path.budget_no, given.hour
     ON CONFLICT (tenant, budget_no, hour)
        DO UPDATE SET count = acquisition_hours.count + excluded.count`,
    [
      tenant,
      fresh.map(({ budgetId }) => budgetNos.get(budgetId) ?? -1n),
      fresh.map(({ atMs }) => Math.floor((atMs ?? nowMs) / HOUR_MS)),
      fresh.map(({ count }) => count),
    ],
  );
}

function sumsOf(fresh: readonly AcquisitionInput[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { budgetId, count } of fresh) sums[budgetId] = (sums[budgetId] ?? 0) + count;
  return sums;
}
