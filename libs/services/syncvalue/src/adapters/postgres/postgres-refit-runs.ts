import type { Clock } from '@kiki/kernel';
import type { Database, Row } from '@kiki/postgres';
import {
  RefitRuns,
  type RefitEnd,
  type RefitOutcome,
  type RefitRun,
} from '../../application/refit-models.js';

interface RunRow extends Row {
  readonly id: bigint;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly outcome: RefitOutcome;
  readonly version: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
}

/** Refits on PostgreSQL; the turn is a session's advisory lock, which the server takes back when its process dies. */
export class PostgresRefitRuns extends RefitRuns {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async tenants(): Promise<string[]> {
    const rows = await this.database.query<{ tenant: string }>(
      `SELECT tenant FROM model_labels WHERE label = 'champion' ORDER BY tenant`,
    );
    return rows.map(({ tenant }) => tenant);
  }

  override async inTurn(
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<boolean> {
    const session = await this.database.pool.connect();
    const lost = new AbortController();
    const onError = (error: Error): void => lost.abort(error);
    session.on('error', onError);
    const lock = `hashtext('syncvalue refits'), hashtext($1)`;
    const values = [this.database.schema];
    let isBroken = false;
    try {
      const { rows } = await session.query<{ taken: boolean }>(
        `SELECT pg_try_advisory_lock(${lock}) AS taken`,
        values,
      );
      if (rows[0]?.taken !== true) return false;
      try {
        await work(AbortSignal.any([signal, lost.signal]));
      } finally {
        await session.query(`SELECT pg_advisory_unlock(${lock})`, values).catch(() => {
          isBroken = true;
        });
      }
      return true;
    } finally {
      session.off('error', onError);
      // A session that may still hold the lock is closed, which gives it back.
      session.release(isBroken || lost.signal.aborted);
    }
  }

  override markLost(): Promise<number> {
    return this.database.execute(
      `UPDATE refit_runs SET outcome = 'lost', ended_at = $1 WHERE outcome = 'running'`,
      [this.clock.now()],
    );
  }

  override async begin(tenant: string): Promise<number> {
    const [row] = await this.database.query<{ id: bigint }>(
      `INSERT INTO refit_runs (tenant, started_at, outcome) VALUES ($1, $2, 'running') RETURNING id`,
      [tenant, this.clock.now()],
    );
    return Number(row?.id ?? 0n);
  }

  override async end(tenant: string, id: number, end: RefitEnd): Promise<void> {
    const { outcome, version, errorCode, errorMessage } = end;
    await this.database.execute(
      `UPDATE refit_runs SET ended_at = $3, outcome = $4, version = $5, error_code = $6, error_message = $7
        WHERE tenant = $1 AND id = $2`,
      [
        ...[tenant, id, this.clock.now(), outcome],
        ...[version ?? null, errorCode ?? null, errorMessage ?? null],
      ],
    );
  }

  override async list(
    tenant: string,
    { limit, beforeId }: { readonly limit: number; readonly beforeId: number | undefined },
  ): Promise<RefitRun[]> {
    const rows = await this.database.query<RunRow>(
      `SELECT id, started_at, ended_at, outcome, version, error_code, error_message FROM refit_runs
        WHERE tenant = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
      [tenant, beforeId ?? null, limit + 1],
    );
    return rows.map((row) => ({
      id: Number(row.id),
      startedAtMs: row.started_at.getTime(),
      endedAtMs: row.ended_at?.getTime(),
      outcome: row.outcome,
      version: row.version ?? undefined,
      errorCode: row.error_code ?? undefined,
      errorMessage: row.error_message ?? undefined,
    }));
  }
}
