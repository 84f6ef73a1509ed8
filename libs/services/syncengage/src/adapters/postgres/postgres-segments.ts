import type { Database } from '@kiki/postgres';
import {
  Segments,
  type Member,
  type Membership,
  type SegmentRefresh,
  type SegmentSummary,
} from '../../application/segments.js';
import type { ChurnSegment, TargetSegment } from '../../domain/churn.js';
import { errors } from '../../errors.js';

interface RefreshRow extends Record<string, unknown> {
  id: string;
  state: SegmentRefresh['state'];
  reason: string | null;
  model_version: string | null;
  evaluated: number;
  requested_at: Date;
  finished_at: Date | null;
}

/** Whoever was erased since they were asked about is left out. */
const PUT = `
  insert into segment_members (tenant, customer_id, segment, alive_probability, reason, model_version, evaluated_at,
                               refresh_id)
  select $1, u.customer_id, u.segment, u.alive_probability, u.reason, u.model_version, $8, $2
    from unnest($3::text[], $4::text[], $5::float8[], $6::text[], $7::text[])
      as u (customer_id, segment, alive_probability, reason, model_version)
    join profiles p on p.tenant = $1 and p.customer_id = u.customer_id
   order by u.customer_id
     for key share of p
  on conflict (tenant, customer_id) do update
     set segment = excluded.segment, alive_probability = excluded.alive_probability, reason = excluded.reason,
         model_version = excluded.model_version, evaluated_at = excluded.evaluated_at,
         refresh_id = excluded.refresh_id
   where segment_members.evaluated_at <= excluded.evaluated_at`;

const NEWCOMERS = `
  select m.customer_id, m.alive_probability, m.model_version from segment_members m
   where m.tenant = $1 and m.segment = $3 and m.evaluated_at >= $4
     and not exists (select from journey_assignments a
                      where a.tenant = m.tenant and a.journey_id = $2 and a.customer_id = m.customer_id)
   order by m.customer_id limit $5`;

const SUMMARY = `
  select segment, count(*) as customers, min(evaluated_at) as oldest,
         array_remove(array_agg(distinct model_version), null) as versions
    from segment_members where tenant = $1 group by segment order by segment`;

const ADVISORY_SPACE = 'engage:refresh:';

/** Segment memberships in the service's own schema. */
export class PostgresSegments extends Segments {
  constructor(private readonly database: Database) {
    super();
  }

  override request(tenant: string, id: string, at: Date): Promise<SegmentRefresh> {
    return this.database.transaction(async (tx) => {
      // Two callers at once must get one refresh.
      await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
        ADVISORY_SPACE + tenant,
      ]);
      const [open] = await tx.query<RefreshRow>(
        `select * from segment_refreshes where tenant = $1 and state in ('queued', 'running')
          order by requested_at desc limit 1`,
        [tenant],
      );
      if (open !== undefined) return toRefresh(open);
      await tx.execute(
        `insert into segment_refreshes (tenant, id, state, requested_at, updated_at)
         values ($1, $2, 'queued', $3, $3)`,
        [tenant, id, at],
      );
      return { id, state: 'queued', evaluated: 0, requestedAt: at };
    });
  }

  override async find(tenant: string, id: string): Promise<SegmentRefresh> {
    const [row] = await this.database.query<RefreshRow>(
      'select * from segment_refreshes where tenant = $1 and id = $2',
      [tenant, id],
    );
    if (row === undefined) throw errors.refresh_not_found();
    return toRefresh(row);
  }

  override latestDone(tenant: string): Promise<SegmentRefresh | undefined> {
    return this.newest(tenant, `state = 'done'`);
  }

  override latest(tenant: string): Promise<SegmentRefresh | undefined> {
    return this.newest(tenant, 'true');
  }

  override async setState(
    tenant: string,
    id: string,
    change: Parameters<Segments['setState']>[2],
    at: Date,
  ): Promise<void> {
    await this.database.execute(
      `update segment_refreshes
          set state = $3, reason = $4, model_version = coalesce($5, model_version),
              evaluated = coalesce($6, evaluated), finished_at = $7, updated_at = $8
        where tenant = $1 and id = $2`,
      [
        ...[tenant, id, change.state, change.reason ?? null, change.modelVersion ?? null],
        ...[change.evaluated ?? null, isOver(change.state) ? at : null, at],
      ],
    );
  }

  override async put(
    tenant: string,
    refreshId: string,
    members: readonly Membership[],
    at: Date,
  ): Promise<void> {
    await this.database.execute(PUT, [
      tenant,
      refreshId,
      members.map(({ customerId }) => customerId),
      members.map(({ segment }) => segment),
      members.map(({ aliveProbability }) => aliveProbability ?? null),
      members.map(({ reason }) => reason ?? null),
      members.map(({ modelVersion }) => modelVersion ?? null),
      at,
    ]);
  }

  override async summary(tenant: string): Promise<SegmentSummary[]> {
    const rows = await this.database.query<{
      segment: ChurnSegment;
      customers: bigint;
      oldest: Date;
      versions: string[];
    }>(SUMMARY, [tenant]);
    return rows.map((row) => ({
      segment: row.segment,
      customers: Number(row.customers),
      oldestEvaluatedAt: row.oldest,
      modelVersions: row.versions,
    }));
  }

  override async newcomers(
    tenant: string,
    journey: { readonly id: string; readonly segment: TargetSegment },
    freshSince: Date,
    limit: number,
  ): Promise<Member[]> {
    const rows = await this.database.query<{
      customer_id: string;
      alive_probability: number;
      model_version: string;
    }>(NEWCOMERS, [tenant, journey.id, journey.segment, freshSince, limit]);
    return rows.map((row) => ({
      customerId: row.customer_id,
      aliveProbability: row.alive_probability,
      modelVersion: row.model_version,
    }));
  }

  override takeStalled(before: Date, now: Date): Promise<{ tenant: string; id: string }[]> {
    return this.database.query(
      `update segment_refreshes set updated_at = $2
        where state in ('queued', 'running') and updated_at < $1 returning tenant, id`,
      [before, now],
    );
  }

  private async newest(tenant: string, condition: string): Promise<SegmentRefresh | undefined> {
    const [row] = await this.database.query<RefreshRow>(
      `select * from segment_refreshes where tenant = $1 and ${condition}
        order by requested_at desc, id desc limit 1`,
      [tenant],
    );
    return row && toRefresh(row);
  }
}

function isOver(state: SegmentRefresh['state']): boolean {
  return state === 'done' || state === 'failed';
}

function toRefresh(row: RefreshRow): SegmentRefresh {
  return {
    id: row.id,
    state: row.state,
    evaluated: row.evaluated,
    requestedAt: row.requested_at,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.model_version === null ? {} : { modelVersion: row.model_version }),
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
  };
}
