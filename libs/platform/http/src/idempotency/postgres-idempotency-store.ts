import { kernelErrors, uuidv7, type Clock, type Random } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import { errors } from '../errors.js';
import {
  IdempotencyStore,
  type FirstAnswer,
  type IdempotencyTurn,
  type IdempotentRequest,
} from './idempotency-store.js';

/** Migrations of {@link idempotencySchema}. */
export const idempotencyMigrationsDir = new URL('../../migrations/', import.meta.url);

/** The schema of a service's idempotency keys, e.g. `synccreate_http`; it has its own migrations ledger. */
export function idempotencySchema(serviceSchema: string): string {
  return `${serviceSchema}_http`;
}

/** Longer than any request may take; after it a crashed first runner is succeeded. */
const LEASE_SECONDS = 120;
const KEPT_HOURS = 24;
/** One in this many new keys sweeps the old ones. */
const SWEEP_EVERY = 256;

interface KeyRow {
  readonly [column: string]: unknown;
  readonly is_same: boolean;
  readonly status: number | null;
  readonly body: string | null;
  readonly lease_ms: number;
}

/** The first answers in the service's own database. */
export class PostgresIdempotencyStore extends IdempotencyStore {
  private readonly table: string;
  private begun = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {
    super();
    this.table = `"${idempotencySchema(database.schema)}".idempotency_keys`;
  }

  override async begin(request: IdempotentRequest): Promise<IdempotencyTurn> {
    const owner = uuidv7(this.clock, this.random);
    // A row may vanish between the two statements (released or swept); then the next round inserts it.
    for (let round = 0; round < 3; round++) {
      if (await this.claim(request, owner)) {
        if (++this.begun % SWEEP_EVERY === 0) await this.sweep();
        return { kind: 'run', owner };
      }
      const row = await this.find(request);
      if (row !== undefined) return { kind: 'replay', answer: answerOf(row) };
    }
    throw kernelErrors.unavailable('The Idempotency-Key changes hands too often.');
  }

  override async finish(
    request: IdempotentRequest,
    owner: string,
    answer: FirstAnswer,
  ): Promise<void> {
    await this.database.execute(
      `UPDATE ${this.table} SET status = $5, body = $6
        WHERE tenant = $1 AND route = $2 AND key = $3 AND owner = $4 AND status IS NULL`,
      [request.tenant, request.route, request.key, owner, answer.status, answer.body ?? null],
    );
  }

  override async release(request: IdempotentRequest, owner: string): Promise<void> {
    await this.database.execute(
      `DELETE FROM ${this.table}
        WHERE tenant = $1 AND route = $2 AND key = $3 AND owner = $4 AND status IS NULL`,
      [request.tenant, request.route, request.key, owner],
    );
  }

  private async claim(request: IdempotentRequest, owner: string): Promise<boolean> {
    const rows = await this.database.query(
      `INSERT INTO ${this.table} AS k (tenant, route, key, request_sha256, owner, locked_until)
       VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => ${LEASE_SECONDS}))
       ON CONFLICT (tenant, route, key) DO UPDATE
          SET owner = excluded.owner, locked_until = excluded.locked_until
        WHERE k.status IS NULL AND k.locked_until < now()
          AND k.request_sha256 = excluded.request_sha256
       RETURNING owner`,
      [request.tenant, request.route, request.key, request.requestSha256, owner],
    );
    return rows.length === 1;
  }

  private async find(request: IdempotentRequest): Promise<KeyRow | undefined> {
    const [row] = await this.database.query<KeyRow>(
      `SELECT request_sha256 = $4 AS is_same, status, body,
              (extract(epoch FROM locked_until - now()) * 1000)::float8 AS lease_ms
         FROM ${this.table} WHERE tenant = $1 AND route = $2 AND key = $3`,
      [request.tenant, request.route, request.key, request.requestSha256],
    );
    return row;
  }

  private async sweep(): Promise<void> {
    await this.database.execute(
      `DELETE FROM ${this.table} WHERE created_at < now() - make_interval(hours => ${KEPT_HOURS})`,
    );
  }
}

function answerOf(row: KeyRow): FirstAnswer {
  if (!row.is_same) {
    throw kernelErrors.idempotency_conflict(
      'The same Idempotency-Key was used before with another request.',
    );
  }
  if (row.status !== null) return { status: row.status, body: row.body ?? undefined };
  const retryAfterMs = Math.min(1000, Math.max(100, Math.ceil(row.lease_ms)));
  throw errors.idempotency_in_flight(undefined, { retryAfterMs });
}
