import type { Database } from '@kiki/postgres';
import { Outcomes, type ConversionCount, type OpenSettlement } from '../../application/outcomes.js';
import { holdIdOf } from '../../domain/decision.js';
import { settlementOf, type IntakeStatus, type Outcome } from '../../domain/outcome.js';

// A notice about an unknown opportunity inserts nothing: the join drops it.
const INSERT = `
  insert into outcomes (tenant, id, campaign_id, opportunity_id, kind, price_micros, currency, at, settlement)
  select $1, o.id, o.campaign_id, o.opportunity_id, o.kind, o.price_micros, o.currency, o.at, o.settlement
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $7::bigint[], $6::text[], $8::timestamptz[],
                $9::text[]) as o (id, campaign_id, opportunity_id, kind, price_micros, currency, at, settlement)
    join decisions d on d.tenant = $1 and d.campaign_id = o.campaign_id
                    and d.opportunity_id = o.opportunity_id and d.currency = coalesce(o.currency, d.currency)
   -- In one order everywhere, so that two calls with the same notices cannot wait for each other.
   order by o.campaign_id, o.opportunity_id, o.kind, o.id
  on conflict do nothing
  returning id`;

const CLASSIFY = `
  select d.opportunity_id is not null as is_known, o.currency <> d.currency as is_other_currency,
         same_id.opportunity_id is not null
           and (same_id.campaign_id, same_id.opportunity_id, same_id.kind, same_id.price_micros)
               is distinct from (o.campaign_id, o.opportunity_id, o.kind, o.price_micros) as is_conflict
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $7::bigint[], $6::text[]) with ordinality
           as o (id, campaign_id, opportunity_id, kind, price_micros, currency, place)
    left join decisions d
      on d.tenant = $1 and d.campaign_id = o.campaign_id and d.opportunity_id = o.opportunity_id
    left join outcomes same_id on same_id.tenant = $1 and same_id.id = o.id
   order by o.place`;

const OPEN = `
  select tenant, id, campaign_id, opportunity_id, settlement, price_micros from outcomes
   where settlement is not null and settled_at is null and retry_at <= now() order by retry_at limit $1`;

// 1 s, 2 s, 4 s, … at most 30 s.
const POSTPONE = `
  update outcomes o
     set attempts = attempts + 1, retry_at = now() + least(30, 2 ^ least(attempts, 5)) * interval '1 second'
    from unnest($1::text[], $2::text[]) as u (tenant, id)
   where o.tenant = u.tenant and o.id = u.id and o.settled_at is null`;

const MARK = `
  update outcomes o set settled_at = now(), settlement_outcome = u.outcome
    from unnest($1::text[], $2::text[], $3::text[]) as u (tenant, id, outcome)
   where o.tenant = u.tenant and o.id = u.id and o.settled_at is null`;

const COUNTS = `
  select d.segment, count(distinct d.opportunity_id) as impressions,
         count(*) filter (where o.kind = 'converted') as conversions
    from outcomes o join decisions d using (tenant, campaign_id, opportunity_id)
   where o.tenant = $1 and o.campaign_id = $2 and o.kind in ('billed', 'converted')
   group by d.segment order by d.segment`;

interface ClassifiedRow extends Record<string, unknown> {
  is_known: boolean;
  is_other_currency: boolean | null;
  is_conflict: boolean;
}

interface OpenRow extends Record<string, unknown> {
  tenant: string;
  id: string;
  campaign_id: string;
  opportunity_id: string;
  settlement: 'capture' | 'void';
  price_micros: bigint | null;
}

/** Notices in the service's own schema. */
export class PostgresOutcomes extends Outcomes {
  constructor(private readonly database: Database) {
    super();
  }

  override async record(tenant: string, outcomes: readonly Outcome[]): Promise<IntakeStatus[]> {
    const keys = [
      tenant,
      outcomes.map(({ id }) => id),
      outcomes.map(({ campaignId }) => campaignId),
      outcomes.map(({ opportunityId }) => opportunityId),
      outcomes.map(({ kind }) => kind),
      outcomes.map(({ currency }) => currency ?? null),
      outcomes.map(({ priceMicros }) => priceMicros ?? null),
    ];
    const inserted = await this.database.query<{ id: string }>(INSERT, [
      ...keys,
      outcomes.map(({ at }) => at),
      outcomes.map(({ kind }) => settlementOf(kind) ?? null),
    ]);
    const fresh = new Set(inserted.map(({ id }) => id));
    const rows = await this.database.query<ClassifiedRow>(CLASSIFY, keys);
    return outcomes.map(({ id }, i) => {
      const row = rows[i];
      if (!row?.is_known) return 'unknown_opportunity';
      if (row.is_other_currency) return 'currency_mismatch';
      if (row.is_conflict) return 'conflict';
      // Within one call the first of two equal notices is the one that counts.
      return fresh.delete(id) ? 'recorded' : 'duplicate';
    });
  }

  override async openSettlements(limit: number): Promise<OpenSettlement[]> {
    const rows = await this.database.query<OpenRow>(OPEN, [limit]);
    return rows.map((row) => {
      const holdId = holdIdOf(row.campaign_id, row.opportunity_id);
      return {
        tenant: row.tenant,
        outcomeId: row.id,
        settlementId: `${holdId}:${row.settlement}`,
        holdId,
        // An impression that was billed at nothing leaves the whole hold over.
        ...(row.settlement === 'capture' && row.price_micros
          ? { action: 'capture' as const, amountMicros: row.price_micros }
          : { action: 'void' as const }),
      };
    });
  }

  override async markSettled(
    settled: readonly {
      readonly tenant: string;
      readonly outcomeId: string;
      readonly outcome: string;
    }[],
  ): Promise<void> {
    await this.database.execute(MARK, [
      settled.map(({ tenant }) => tenant),
      settled.map(({ outcomeId }) => outcomeId),
      settled.map(({ outcome }) => outcome),
    ]);
  }

  override async postpone(
    open: readonly { readonly tenant: string; readonly outcomeId: string }[],
  ): Promise<void> {
    await this.database.execute(POSTPONE, [
      open.map(({ tenant }) => tenant),
      open.map(({ outcomeId }) => outcomeId),
    ]);
  }

  override async conversionCounts(tenant: string, campaignId: string): Promise<ConversionCount[]> {
    const rows = await this.database.query<{
      segment: string;
      impressions: bigint;
      conversions: bigint;
    }>(COUNTS, [tenant, campaignId]);
    return rows.map(({ segment, impressions, conversions }) => ({
      segment,
      impressions: Number(impressions),
      conversions: Number(conversions),
    }));
  }
}
