import type { Clock } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import {
  Decisions,
  type CampaignReport,
  type DecisionUpdate,
  type RecordedPrices,
} from '../../application/decisions.js';
import type { Decision, DigestLine } from '../../domain/decision.js';
import { DECISION_COLUMNS, decisionArrays, toDecision, type DecisionRow } from './decision-rows.js';

const names = DECISION_COLUMNS.map(([name]) => name).join(', ');
const arrays = DECISION_COLUMNS.map(([, type], i) => `$${i + 1}::${type}[]`).join(', ');

const INSERT = `
  insert into decisions (${names})
  select * from unnest(${arrays})
  on conflict (tenant, campaign_id, opportunity_id) do nothing
  returning opportunity_id`;

// A status only moves forward: an update that comes late from a stalled first attempt changes nothing.
const UPDATE = `
  update decisions d
     set status = u.status, hold_reason = coalesce(u.hold_reason, d.hold_reason),
         hold_id = coalesce(u.hold_id, d.hold_id), took_ms = u.took_ms,
         consent_receipt = coalesce(u.consent_receipt, d.consent_receipt),
         placed_at = case when u.status = 'placed' then $8::timestamptz end
    from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::double precision[], $9::text[])
           as u (opportunity_id, status, hold_reason, hold_id, took_ms, consent_receipt)
   where d.tenant = $1 and d.campaign_id = $2 and d.opportunity_id = u.opportunity_id
     and ((d.status = 'priced' and u.status in ('denied', 'dry_run', 'placing'))
          or (d.status = 'placing' and u.status = 'placed'))
  returning d.opportunity_id`;

const REPORT = `
  select count(*) as opportunities,
         count(*) filter (where status = 'placed') as placed,
         count(*) filter (where status <> 'placed') as no_bid,
         count(*) filter (where value_source = 'fallback') as fallback,
         coalesce(sum(price_micros) filter (where status = 'placed'), 0)::bigint as bid_micros,
         percentile_disc(0.5) within group (order by took_ms) as p50_ms,
         percentile_disc(0.99) within group (order by took_ms) as p99_ms
    from decisions where tenant = $1 and campaign_id = $2`;

const REASONS = `
  select case when status = 'no_bid' then reason when status = 'dry_run' then 'dry_run'
              when status = 'denied' then coalesce(hold_reason, 'denied') else status end as reason,
         count(*) as n
    from decisions where tenant = $1 and campaign_id = $2 and status <> 'placed' group by 1`;

const OUTCOMES = `
  select count(*) filter (where kind = 'won') as won, count(*) filter (where kind = 'lost') as lost,
         count(*) filter (where kind = 'billed') as billed,
         count(*) filter (where kind = 'converted') as converted,
         coalesce(sum(price_micros) filter (where kind = 'billed'), 0)::bigint as billed_micros,
         count(*) filter (where settlement is not null and settled_at is null) as unsettled,
         count(*) filter (where settlement_outcome like 'refused:%') as refused
    from outcomes where tenant = $1 and campaign_id = $2`;

interface ReportRow extends Record<string, unknown> {
  bid_micros: bigint;
  p50_ms: number | null;
  p99_ms: number | null;
}

interface IdRow extends Record<string, unknown> {
  opportunity_id: string;
}

const idsOf = (rows: readonly IdRow[]): Set<string> =>
  new Set(rows.map(({ opportunity_id }) => opportunity_id));

/** The decision log in the service's own schema. */
export class PostgresDecisions extends Decisions {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async recordPriced(decisions: readonly Decision[]): Promise<RecordedPrices> {
    const [first] = decisions;
    if (!first) return { stored: [], fresh: new Set() };
    // In one order everywhere, so that two jobs that share opportunities cannot wait for each other.
    const sorted = decisions.toSorted((a, b) => (a.opportunityId < b.opportunityId ? -1 : 1));
    const fresh = await this.database.query<IdRow>(INSERT, decisionArrays(sorted));
    const ids = decisions.map(({ opportunityId }) => opportunityId);
    const rows = await this.findMany(first.tenant, first.campaignId, ids);
    const byId = new Map(rows.map((decision) => [decision.opportunityId, decision]));
    return { stored: ids.flatMap((id) => byId.get(id) ?? []), fresh: idsOf(fresh) };
  }

  override async update(
    tenant: string,
    campaignId: string,
    updates: readonly DecisionUpdate[],
  ): Promise<ReadonlySet<string>> {
    const moved = await this.database.query<IdRow>(UPDATE, [
      tenant,
      campaignId,
      updates.map(({ opportunityId }) => opportunityId),
      updates.map(({ status }) => status),
      updates.map(({ holdReason }) => holdReason ?? null),
      updates.map(({ holdId }) => holdId ?? null),
      updates.map(({ tookMs }) => tookMs ?? null),
      this.clock.now(),
      updates.map(({ consentReceiptId }) => consentReceiptId ?? null),
    ]);
    return idsOf(moved);
  }

  override async find(
    tenant: string,
    campaignId: string,
    opportunityId: string,
  ): Promise<Decision | undefined> {
    const [decision] = await this.findMany(tenant, campaignId, [opportunityId]);
    return decision;
  }

  override async findMany(
    tenant: string,
    campaignId: string,
    opportunityIds: readonly string[],
  ): Promise<Decision[]> {
    const rows = await this.database.query<DecisionRow>(
      'select * from decisions where tenant = $1 and campaign_id = $2 and opportunity_id = any($3)',
      [tenant, campaignId, opportunityIds],
    );
    return rows.map(toDecision);
  }

  override async findByOpportunity(tenant: string, opportunityId: string): Promise<Decision[]> {
    const rows = await this.database.query<DecisionRow>(
      'select * from decisions where tenant = $1 and opportunity_id = $2 order by campaign_id limit 100',
      [tenant, opportunityId],
    );
    return rows.map(toDecision);
  }

  override async list(
    tenant: string,
    campaignId: string,
    limit: number,
    afterOpportunityId = '',
  ): Promise<Decision[]> {
    const rows = await this.database.query<DecisionRow>(
      `select * from decisions where tenant = $1 and campaign_id = $2
          and opportunity_id > $3 order by opportunity_id limit $4`,
      [tenant, campaignId, afterOpportunityId, limit],
    );
    return rows.map(toDecision);
  }

  override async count(tenant: string, campaignId: string): Promise<number> {
    const [row] = await this.database.query<{ n: bigint }>(
      'select count(*) as n from decisions where tenant = $1 and campaign_id = $2',
      [tenant, campaignId],
    );
    return Number(row?.n ?? 0);
  }

  override async digestLines(tenant: string, campaignId: string): Promise<DigestLine[]> {
    const rows = await this.database.query<DecisionRow>(
      `select opportunity_id, value_micros, price_micros, reason from decisions
        where tenant = $1 and campaign_id = $2`,
      [tenant, campaignId],
    );
    return rows.map((row) => ({
      opportunityId: row.opportunity_id,
      valueMicros: row.value_micros,
      priceMicros: row.price_micros,
      reason: row.reason,
    }));
  }

  override async report(tenant: string, campaignId: string): Promise<CampaignReport> {
    const key = [tenant, campaignId];
    const [[counts], reasons, [outcomes]] = await Promise.all([
      this.database.query<ReportRow>(REPORT, key),
      this.database.query<{ reason: string; n: bigint }>(REASONS, key),
      this.database.query<Record<string, bigint>>(OUTCOMES, key),
    ]);
    const n = (row: Record<string, unknown> | undefined, name: string): number =>
      Number(row?.[name] ?? 0);
    return {
      opportunities: n(counts, 'opportunities'),
      placed: n(counts, 'placed'),
      noBid: n(counts, 'no_bid'),
      noBidReasons: Object.fromEntries(reasons.map(({ reason, n }) => [reason, Number(n)])),
      fallback: n(counts, 'fallback'),
      won: n(outcomes, 'won'),
      lost: n(outcomes, 'lost'),
      billed: n(outcomes, 'billed'),
      converted: n(outcomes, 'converted'),
      bidMicros: counts?.bid_micros ?? 0n,
      billedMicros: outcomes?.['billed_micros'] ?? 0n,
      unsettled: n(outcomes, 'unsettled'),
      refusedSettlements: n(outcomes, 'refused'),
      placeP50Ms: counts?.p50_ms ?? null,
      placeP99Ms: counts?.p99_ms ?? null,
    };
  }
}
