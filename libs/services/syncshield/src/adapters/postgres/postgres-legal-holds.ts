import { kernelErrors, type Clock } from '@kiki/kernel';
import type { Database, Queryable, Row } from '@kiki/postgres';
import { LegalHolds, type LegalHold } from '../../application/privacy/legal-holds.js';
import type { SubjectKeys } from '../../application/subject-keys.js';
import { errors } from '../../errors.js';
import { appendOne } from './audited.js';

interface HoldRow extends Row {
  readonly id: string;
  readonly customer_digest: string;
  readonly matter: string;
  readonly placed_by: string;
  readonly placed_ms: bigint;
  readonly released_by: string | null;
  readonly released_ms: bigint | null;
}

/** Legal holds in the service's own schema; the customer is an HMAC. */
export class PostgresLegalHolds extends LegalHolds {
  constructor(
    private readonly database: Database,
    private readonly keys: SubjectKeys,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async place(
    tenant: string,
    hold: { readonly id: string; readonly customerId: string; readonly matter: string },
    actor: string,
  ): Promise<LegalHold> {
    const { id, matter } = hold;
    const digest = await this.keys.digest(tenant, 'customer', hold.customerId);
    const atMs = Math.floor(this.clock.nowMs());
    return this.database.transaction(async (tx) => {
      const added = await tx.execute(
        `INSERT INTO legal_holds (tenant, id, customer_digest, matter, placed_by, placed_ms)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
        [tenant, id, digest, matter, actor, atMs],
      );
      const row = await rowOf(tx, tenant, id);
      if (added === 0) {
        if (row.customer_digest === digest && row.matter === matter) return holdOf(row);
        throw kernelErrors.idempotency_conflict();
      }
      const facts = { legalHoldId: id, matter };
      await appendOne(tx, { tenant, actor, atMs, action: 'legal_hold.placed', facts });
      return holdOf(row);
    });
  }

  override release(tenant: string, id: string, actor: string): Promise<LegalHold> {
    const atMs = Math.floor(this.clock.nowMs());
    return this.database.transaction(async (tx) => {
      const moved = await tx.execute(
        `UPDATE legal_holds SET released_by = $3, released_ms = $4
          WHERE tenant = $1 AND id = $2 AND released_ms IS NULL`,
        [tenant, id, actor, atMs],
      );
      const row = await rowOf(tx, tenant, id);
      if (moved === 0) return holdOf(row);
      const facts = { legalHoldId: id, before: { active: true }, after: { active: false } };
      await appendOne(tx, { tenant, actor, atMs, action: 'legal_hold.released', facts });
      return holdOf(row);
    });
  }

  override async list(
    tenant: string,
    { limit, after }: { readonly limit: number; readonly after?: string },
  ): Promise<LegalHold[]> {
    const rows = await this.database.query<HoldRow>(
      'SELECT * FROM legal_holds WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3',
      [tenant, after ?? '', limit],
    );
    return rows.map(holdOf);
  }

  override async covers(tenant: string, customerIds: readonly string[]): Promise<boolean> {
    const digests = await Promise.all(
      customerIds.map((id) => this.keys.digest(tenant, 'customer', id)),
    );
    const [row] = await this.database.query(
      `SELECT FROM legal_holds
        WHERE tenant = $1 AND customer_digest = ANY($2::text[]) AND released_ms IS NULL LIMIT 1`,
      [tenant, digests],
    );
    return row !== undefined;
  }
}

async function rowOf(tx: Queryable, tenant: string, id: string): Promise<HoldRow> {
  const [row] = await tx.query<HoldRow>('SELECT * FROM legal_holds WHERE tenant = $1 AND id = $2', [
    tenant,
    id,
  ]);
  if (row === undefined) throw errors.legal_hold_not_found();
  return row;
}

function holdOf(row: HoldRow): LegalHold {
  return {
    ...{ id: row.id, matter: row.matter, placedBy: row.placed_by },
    placedMs: Number(row.placed_ms),
    ...(row.released_by === null ? {} : { releasedBy: row.released_by }),
    ...(row.released_ms === null ? {} : { releasedMs: Number(row.released_ms) }),
  };
}
