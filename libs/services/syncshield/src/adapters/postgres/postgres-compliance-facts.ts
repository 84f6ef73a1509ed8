import type { Database } from '@kiki/postgres';
import {
  ComplianceFacts,
  type ComplianceFigures,
  type NamedCount,
  type Period,
  type RequestFigures,
} from '../../application/privacy/compliance-facts.js';

const REQUESTS = `
  SELECT kind, regime, count(*) AS received,
         count(*) FILTER (WHERE state = 'completed' AND finished_ms < $3) AS completed,
         count(*) FILTER (WHERE state IN ('rejected', 'refused') AND finished_ms < $3) AS rejected,
         count(*) FILTER (WHERE state = 'cancelled' AND finished_ms < $3) AS cancelled,
         count(*) FILTER (WHERE finished_ms IS NULL OR finished_ms >= $3) AS open,
         count(*) FILTER (WHERE coalesce(finished_ms, $3) > due_ms) AS late,
         percentile_disc(0.5) WITHIN GROUP (ORDER BY finished_ms - received_ms)
           FILTER (WHERE state = 'completed' AND finished_ms < $3) AS median_ms,
         max(finished_ms - received_ms) FILTER (WHERE state = 'completed' AND finished_ms < $3) AS longest_ms
    FROM privacy_requests WHERE tenant = $1 AND received_ms >= $2 AND received_ms < $3
   GROUP BY kind, regime ORDER BY kind, regime`;

const CONSENTS = `
  SELECT action || ' ' || purpose AS name, count(*) AS count FROM consent_records
   WHERE tenant = $1 AND recorded_ms >= $2 AND recorded_ms < $3 GROUP BY 1 ORDER BY 1`;

const RETENTION = `
  SELECT category, count(*) AS runs, sum(rows)::bigint AS rows FROM retention_runs
   WHERE tenant = $1 AND ran_ms >= $2 AND ran_ms < $3 GROUP BY category ORDER BY category`;

const DENIALS = `
  SELECT reason AS name, count(*) AS count FROM holds
   WHERE tenant = $1 AND decided_ms >= $2 AND decided_ms < $3 AND NOT is_approved GROUP BY 1 ORDER BY 1`;

/** Things that begin and end, each in the period, and how many there are at its end. */
const SPANS = (table: string, begin: string, end: string): string => `
  SELECT count(*) FILTER (WHERE ${begin} >= $2) AS begun,
         count(*) FILTER (WHERE ${end} >= $2 AND ${end} < $3) AS ended,
         count(*) FILTER (WHERE ${end} IS NULL OR ${end} >= $3) AS active
    FROM ${table} WHERE tenant = $1 AND ${begin} < $3`;

interface RequestRow extends Record<string, unknown> {
  readonly kind: string;
  readonly regime: string;
  readonly median_ms: bigint | null;
  readonly longest_ms: bigint | null;
}

type Values = readonly [string, number, number];

/** Counts from the service's own tables, as of one snapshot each. */
export class PostgresComplianceFacts extends ComplianceFacts {
  constructor(private readonly database: Database) {
    super();
  }

  override async figures(tenant: string, { fromMs, toMs }: Period): Promise<ComplianceFigures> {
    const values: Values = [tenant, fromMs, toMs];
    const breaches = await this.span('breaches', 'opened_ms', 'closed_ms', values);
    const kills = await this.span('kill_switches', 'set_ms', 'lifted_ms', values);
    const legal = await this.span('legal_holds', 'placed_ms', 'released_ms', values);
    return {
      requests: await this.requests(values),
      consents: await this.named(CONSENTS, values),
      retention: await this.retention(values),
      denials: await this.named(DENIALS, values),
      breaches: { opened: breaches.begun, closed: breaches.ended, open: breaches.active },
      killSwitches: { set: kills.begun, lifted: kills.ended, active: kills.active },
      legalHolds: { placed: legal.begun, released: legal.ended, active: legal.active },
    };
  }

  private async requests(values: Values): Promise<RequestFigures[]> {
    const rows = await this.database.query<RequestRow>(REQUESTS, values);
    return rows.map((row) => {
      const n = (name: string): number => Number(row[name]);
      return {
        ...{ kind: row.kind, regime: row.regime, received: n('received') },
        ...{ completed: n('completed'), rejected: n('rejected'), cancelled: n('cancelled') },
        ...{ open: n('open'), late: n('late') },
        ...(row.median_ms === null ? {} : { medianMs: Number(row.median_ms) }),
        ...(row.longest_ms === null ? {} : { longestMs: Number(row.longest_ms) }),
      };
    });
  }

  private async retention(values: Values): Promise<ComplianceFigures['retention']> {
    const rows = await this.database.query<{ category: string; runs: bigint; rows: bigint }>(
      RETENTION,
      values,
    );
    return rows.map((row) => ({ ...row, runs: Number(row.runs), rows: Number(row.rows) }));
  }

  private async named(sql: string, values: Values): Promise<NamedCount[]> {
    const rows = await this.database.query<{ name: string; count: bigint }>(sql, values);
    return rows.map(({ name, count }) => ({ name, count: Number(count) }));
  }

  private async span(table: string, begin: string, end: string, values: Values) {
    const [row] = await this.database.query<Record<'begun' | 'ended' | 'active', bigint>>(
      SPANS(table, begin, end),
      values,
    );
    const n = (value: bigint | undefined): number => Number(value ?? 0n);
    return { begun: n(row?.begun), ended: n(row?.ended), active: n(row?.active) };
  }
}
