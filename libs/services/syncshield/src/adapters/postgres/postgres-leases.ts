import type { Database, Queryable, Row } from '@kiki/postgres';
import {
  Leases,
  type LeaseFilter,
  type LeaseKey,
  type LeaseRoom,
} from '../../application/leases.js';
import type { Page, PageRequest } from '../../application/ledger.js';
import type { AuditRecord } from '../../domain/audit-record.js';
import { keyOf } from '../../domain/hold.js';
import {
  unknownLease,
  type Lease,
  type LeaseEnd,
  type LeaseRequest,
  type LeaseState,
  type LeaseTerms,
} from '../../domain/lease.js';
import { appendAudit } from './audit-rows.js';
import { findHolds } from './hold-rows.js';
import { LEASE_COLUMNS, OPEN_LEASE, toLease, type LeaseRow } from './lease-rows.js';
import { leaseRoom } from './lease-room.js';
import { TreeCache } from './shard-rows.js';
import { STORE_NOW, storeNowMs } from './store-time.js';

const SNAPSHOT = { isolation: 'repeatable read', isReadOnly: true } as const;

/** Leases in PostgreSQL, beside their holds. */
export class PostgresLeases extends Leases {
  private readonly trees = new TreeCache();

  constructor(
    private readonly database: Database,
    private readonly storeNow: string = STORE_NOW,
  ) {
    super();
  }

  override find(tenant: string, ids: readonly string[]): Promise<Map<string, LeaseState>> {
    return findStates(this.database, tenant, ids);
  }

  override room(tenant: string, budgetId: string): Promise<LeaseRoom> {
    const { trees, storeNow } = this;
    return this.database.transaction(
      (tx) => leaseRoom(tx, { trees, storeNow }, tenant, budgetId),
      SNAPSHOT,
    );
  }

  override async open(
    request: LeaseRequest,
    terms: LeaseTerms,
    currency: string,
  ): Promise<{ readonly lease?: Lease; readonly epoch: number }> {
    const { tenant, id, budgetId, nodeId, epoch, askedMicros, atLeastMicros } = request;
    const nowMs = await storeNowMs(this.database, this.storeNow);
    const [row] = await this.database.query<{ epoch: bigint; id: string | null }>(OPEN_LEASE, [
      ...[tenant, id, budgetId, nodeId, epoch, currency, askedMicros, atLeastMicros],
      ...[terms.headroomDivisor, terms.unreportedPercent, terms.ttlMs, terms.graceMs, nowMs],
    ]);
    const known = Number(row?.epoch ?? epoch);
    const lease = (await this.find(tenant, [id])).get(id)?.lease;
    return lease === undefined ? { epoch: known } : { lease, epoch: known };
  }

  override async presume(
    presumptions: readonly (LeaseKey & { readonly micros: bigint })[],
  ): Promise<void> {
    await this.database.execute(
      `UPDATE leases l SET presumed_micros = k.micros
         FROM unnest($1::text[], $2::text[], $3::bigint[]) AS k (tenant, id, micros)
        WHERE l.tenant = k.tenant AND l.id = k.id AND l.closed_as IS NULL`,
      [
        presumptions.map(({ tenant }) => tenant),
        presumptions.map(({ id }) => id),
        presumptions.map(({ micros }) => micros),
      ],
    );
  }

  override async end(keys: readonly LeaseKey[], as: LeaseEnd): Promise<void> {
    await this.database.execute(
      `UPDATE leases l SET closed_as = $3 FROM unnest($1::text[], $2::text[]) AS k (tenant, id)
        WHERE l.tenant = k.tenant AND l.id = k.id AND l.closed_as IS NULL`,
      [keys.map(({ tenant }) => tenant), keys.map(({ id }) => id), as],
    );
  }

  override async due(limit: number): Promise<{ nowMs: number; states: readonly LeaseState[] }> {
    const nowMs = await storeNowMs(this.database, this.storeNow);
    const rows = await this.database.query<LeaseRow>(
      `SELECT ${LEASE_COLUMNS} FROM leases WHERE closed_as IS NULL AND closes_ms <= $1
        ORDER BY closes_ms LIMIT $2`,
      [nowMs, limit],
    );
    return { nowMs, states: await withHolds(this.database, rows) };
  }

  override async postpone({ tenant, id }: LeaseKey, untilMs: number): Promise<void> {
    await this.database.execute('UPDATE leases SET closes_ms = $3 WHERE tenant = $1 AND id = $2', [
      tenant,
      id,
      untilMs,
    ]);
  }

  override async list(
    tenant: string,
    { budgetId, nodeId, isOpen }: LeaseFilter,
    page: PageRequest,
  ): Promise<Page<LeaseState>> {
    const rows = await this.database.query<LeaseRow>(
      `SELECT ${LEASE_COLUMNS} FROM leases
        WHERE tenant = $1 AND lease_no > $2 AND ($3::text IS NULL OR budget_id = $3)
          AND ($4::text IS NULL OR node_id = $4) AND ($5::boolean IS NULL OR $5 = (closed_as IS NULL))
        ORDER BY lease_no LIMIT $6`,
      [
        ...[tenant, BigInt(page.after ?? -1), budgetId ?? null],
        ...[nodeId ?? null, isOpen ?? null, page.limit + 1],
      ],
    );
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1);
    const hasMore = rows.length > page.limit && last !== undefined;
    const items = await withHolds(this.database, shown);
    return { items, ...(hasMore ? { next: last.lease_no.toString() } : {}) };
  }

  override async get(tenant: string, id: string): Promise<LeaseState> {
    const state = (await this.find(tenant, [id])).get(id);
    if (state === undefined) throw unknownLease(id);
    return state;
  }

  override revoke(tenant: string, id: string, actor: string): Promise<LeaseState> {
    return this.database.transaction((tx) => this.revokeIn(tx, tenant, id, actor));
  }

  private async revokeIn(
    tx: Queryable,
    tenant: string,
    id: string,
    actor: string,
  ): Promise<LeaseState> {
    const before = (await findStates(tx, tenant, [id])).get(id)?.lease;
    if (before === undefined) throw unknownLease(id);
    const { budgetId, nodeId, epoch } = before;
    // First the node's row, as everybody who opens a lease takes it first.
    await tx.execute(
      `UPDATE lease_nodes SET epoch = greatest(epoch, $4)
        WHERE tenant = $1 AND budget_id = $2 AND node_id = $3`,
      [tenant, budgetId, nodeId, epoch + 1],
    );
    const atMs = await storeNowMs(tx, this.storeNow);
    const count = await tx.execute(
      'UPDATE leases SET revoked_ms = $3 WHERE tenant = $1 AND id = $2 AND revoked_ms IS NULL',
      [tenant, id, atMs],
    );
    if (count > 0) await appendAudit(tx, [leaseRevoked(before, actor, atMs)]);
    return (await findStates(tx, tenant, [id])).get(id) ?? { lease: before };
  }
}

async function findStates(
  tx: Queryable,
  tenant: string,
  ids: readonly string[],
): Promise<Map<string, LeaseState>> {
  const rows = await tx.query<LeaseRow>(
    `SELECT ${LEASE_COLUMNS} FROM leases WHERE tenant = $1 AND id = ANY($2::text[])`,
    [tenant, ids],
  );
  const states = await withHolds(tx, rows);
  return new Map(states.map((state) => [state.lease.id, state]));
}

async function withHolds(tx: Queryable, rows: readonly (LeaseRow & Row)[]): Promise<LeaseState[]> {
  const holds = await findHolds(tx, rows);
  return rows.map((row) => {
    const hold = holds.get(keyOf(row.tenant, row.id));
    return { lease: toLease(row), ...(hold === undefined ? {} : { hold }) };
  });
}

function leaseRevoked(lease: Lease, actor: string, atMs: number): AuditRecord {
  const { tenant, id: leaseId, budgetId, epoch, sliceNo } = lease;
  const before = { isRevoked: false };
  const facts = { leaseId, budgetId, epoch, sliceNo, before, after: { isRevoked: true } };
  return { tenant, actor, atMs, action: 'lease.revoked', facts };
}
