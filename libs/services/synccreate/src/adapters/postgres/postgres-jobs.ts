import type { Database, Row, SqlValue } from '@kiki/postgres';
import { Jobs } from '../../application/jobs.js';
import type { ValidationResult } from '../../domain/creative.js';
import type { Job, JobError, JobHold, JobStatus, JobWork } from '../../domain/job.js';

interface JobRow extends Row {
  tenant: string;
  id: string;
  kind: JobWork['kind'];
  status: JobStatus;
  request: unknown;
  validation: ValidationResult | null;
  error: JobError | null;
  hold_id: string | null;
  budget_id: string | null;
  hold_micros: bigint | null;
  hold_currency: string | null;
  hold_state: JobHold['state'] | null;
  hold_reason: string | null;
  created_at: Date;
  finished_at: Date | null;
}

const SET_HOLD = `hold_micros = $3, hold_currency = $4, hold_state = $5, hold_reason = $6`;

/** Jobs in the service's own schema. */
export class PostgresJobs extends Jobs {
  constructor(private readonly database: Database) {
    super();
  }

  override async add({ tenant, id, work, status, hold, createdAt }: Job): Promise<void> {
    await this.database.execute(
      `INSERT INTO jobs (tenant, id, kind, status, request, created_at, touched_at, hold_id, budget_id,
                         hold_micros, hold_currency, hold_state, hold_reason)
       VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10, $11, $12)`,
      [
        tenant,
        id,
        work.kind,
        status,
        JSON.stringify(work.request),
        createdAt,
        hold?.holdId ?? null,
        hold?.budgetId ?? null,
        ...holdValues(hold),
      ],
    );
  }

  override async find(tenant: string, id: string): Promise<Job | undefined> {
    const sql = 'SELECT * FROM jobs WHERE tenant = $1 AND id = $2';
    const [row] = await this.database.query<JobRow>(sql, [tenant, id]);
    return row && jobOf(row);
  }

  override async start(tenant: string, id: string): Promise<boolean> {
    const count = await this.database.execute(
      `UPDATE jobs SET status = 'running', touched_at = now()
        WHERE tenant = $1 AND id = $2 AND finished_at IS NULL`,
      [tenant, id],
    );
    return count === 1;
  }

  override async succeed(
    tenant: string,
    id: string,
    validation: ValidationResult | null,
  ): Promise<void> {
    await this.database.execute(
      `UPDATE jobs SET status = 'done', validation = $3, finished_at = now()
        WHERE tenant = $1 AND id = $2 AND finished_at IS NULL`,
      [tenant, id, validation === null ? null : JSON.stringify(validation)],
    );
  }

  override async fail(tenant: string, id: string, error: JobError): Promise<void> {
    await this.database.execute(
      `UPDATE jobs SET status = 'failed', error = $3, finished_at = now()
        WHERE tenant = $1 AND id = $2 AND finished_at IS NULL`,
      [tenant, id, JSON.stringify(error)],
    );
  }

  override async deny(tenant: string, id: string, hold: JobHold): Promise<void> {
    await this.database.execute(
      `UPDATE jobs SET status = 'denied', finished_at = now(), ${SET_HOLD}
        WHERE tenant = $1 AND id = $2 AND finished_at IS NULL`,
      [tenant, id, ...holdValues(hold)],
    );
  }

  override async setHold(tenant: string, id: string, hold: JobHold): Promise<void> {
    await this.database.execute(`UPDATE jobs SET ${SET_HOLD} WHERE tenant = $1 AND id = $2`, [
      tenant,
      id,
      ...holdValues(hold),
    ]);
  }

  override async unsettled(limit: number): Promise<Job[]> {
    const rows = await this.database.query<JobRow>(
      `SELECT * FROM jobs WHERE finished_at IS NOT NULL AND hold_state IN ('asked', 'held')
        ORDER BY finished_at LIMIT $1`,
      [limit],
    );
    return rows.map(jobOf);
  }

  override async claimStale(before: Date, limit: number): Promise<Job[]> {
    const rows = await this.database.query<JobRow>(
      `UPDATE jobs SET touched_at = now() WHERE (tenant, id) IN (
         SELECT tenant, id FROM jobs WHERE finished_at IS NULL AND touched_at < $1
          ORDER BY touched_at LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING *`,
      [before, limit],
    );
    return rows.map(jobOf);
  }

  override sweep(before: Date): Promise<number> {
    return this.database.execute(
      `DELETE FROM jobs WHERE finished_at < $1
          AND (hold_state IS NULL OR hold_state NOT IN ('asked', 'held'))`,
      [before],
    );
  }
}

function holdValues(hold: JobHold | null): SqlValue[] {
  if (hold === null) return [null, null, null, null];
  return [hold.amountMicros, hold.currency, hold.state, hold.reason];
}

function jobOf(row: JobRow): Job {
  return {
    tenant: row.tenant,
    id: row.id,
    work: { kind: row.kind, request: row.request } as JobWork,
    status: row.status,
    hold: holdOf(row),
    error: row.error,
    validation: row.validation,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}

function holdOf(row: JobRow): JobHold | null {
  if (row.hold_id === null || row.budget_id === null || row.hold_state === null) return null;
  return {
    holdId: row.hold_id,
    budgetId: row.budget_id,
    amountMicros: row.hold_micros ?? 0n,
    currency: row.hold_currency ?? '',
    state: row.hold_state,
    reason: row.hold_reason,
  };
}
