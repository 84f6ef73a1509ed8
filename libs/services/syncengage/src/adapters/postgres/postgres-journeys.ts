import type { Database } from '@kiki/postgres';
import { Journeys, type Assignment, type JourneyCustomer } from '../../application/journeys.js';
import type { Journey, JourneyDraft, JourneyReport, JourneyRun } from '../../domain/journey.js';
import type { FrequencyCap } from '../../domain/suppression.js';
import { errors } from '../../errors.js';
import * as rows from './journey-rows.js';
import { readReport } from './journey-report.js';

const SAVE = `
  insert into journeys (tenant, id, name, segment, offer, budget_id, currency, cost_micros, holdout_share, salt,
                        subject, body, is_active, created_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
  on conflict (tenant, id) do update
     set name = excluded.name, offer = excluded.offer, cost_micros = excluded.cost_micros,
         subject = excluded.subject, body = excluded.body, is_active = excluded.is_active,
         updated_at = excluded.updated_at
   where (journeys.segment, journeys.budget_id, journeys.currency, journeys.holdout_share, journeys.salt)
       = (excluded.segment, excluded.budget_id, excluded.currency, excluded.holdout_share, excluded.salt)
  returning *`;

const REQUEST_RUN = `
  insert into journey_runs (tenant, id, journey_id, state, requested_at, updated_at)
  values ($1, $2, $3, 'queued', $4, $4)
  on conflict (tenant, journey_id) where state in ('queued', 'running') do update set journey_id = excluded.journey_id
  returning *`;

const SET_RUN = `
  update journey_runs
     set state = $3, reason = $4, total = coalesce($5, total), processed = coalesce($6, processed), updated_at = $7,
         finished_at = case when $3 in ('done', 'blocked', 'failed') then $7::timestamptz end
   where tenant = $1 and id = $2 and state in ('queued', 'running')`;

/** Whoever was erased meanwhile is left out. */
const ASSIGN = `
  insert into journey_assignments (tenant, journey_id, customer_id, arm, outcome, alive_probability, model_version,
                                   run_id, assigned_at)
  select $1, $2, u.customer_id, u.arm, case u.arm when 'holdout' then 'held_out' else 'pending' end,
         u.alive_probability, u.model_version, $3, $8
    from unnest($4::text[], $5::text[], $6::float8[], $7::text[])
      as u (customer_id, arm, alive_probability, model_version)
    join profiles p on p.tenant = $1 and p.customer_id = u.customer_id
   order by u.customer_id
     for key share of p
  on conflict do nothing`;

const CUSTOMERS = `
  select a.*, m.id as message_id, m.state as message_state, m.reason as message_reason, m.hold_attempt, m.hold_state,
         m.consent_receipt
    from journey_assignments a left join messages m using (tenant, journey_id, customer_id)
   where a.tenant = $1 and a.journey_id = $2 and a.customer_id > $3
   order by a.customer_id limit $4`;

/** Journeys, runs and assignments in the service's own schema. */
export class PostgresJourneys extends Journeys {
  constructor(private readonly database: Database) {
    super();
  }

  override async save(tenant: string, draft: Required<JourneyDraft>, at: Date): Promise<Journey> {
    const [row] = await this.database.query<rows.JourneyRow>(SAVE, [
      ...[tenant, draft.id, draft.name, draft.segment, draft.offer, draft.budgetId],
      ...[draft.currency, draft.costMicros, draft.holdoutShare, draft.salt],
      ...[draft.subject, draft.body, draft.isActive, at],
    ]);
    if (row === undefined) throw errors.journey_immutable_field();
    return rows.toJourney(row);
  }

  override async find(tenant: string, id: string): Promise<Journey | undefined> {
    const [row] = await this.database.query<rows.JourneyRow>(
      'select * from journeys where tenant = $1 and id = $2',
      [tenant, id],
    );
    return row && rows.toJourney(row);
  }

  override async list(tenant: string, limit: number, afterId = ''): Promise<Journey[]> {
    const found = await this.database.query<rows.JourneyRow>(
      'select * from journeys where tenant = $1 and id > $2 order by id limit $3',
      [tenant, afterId, limit],
    );
    return found.map(rows.toJourney);
  }

  override async requestRun(
    tenant: string,
    journeyId: string,
    id: string,
    at: Date,
  ): Promise<JourneyRun> {
    const [row] = await this.database.query<rows.RunRow>(REQUEST_RUN, [tenant, id, journeyId, at]);
    if (row === undefined) throw errors.journey_not_found();
    return rows.toRun(row);
  }

  override async findRun(tenant: string, id: string): Promise<JourneyRun | undefined> {
    const [row] = await this.database.query<rows.RunRow>(
      'select * from journey_runs where tenant = $1 and id = $2',
      [tenant, id],
    );
    return row && rows.toRun(row);
  }

  override async latestRun(tenant: string, journeyId: string): Promise<JourneyRun | undefined> {
    const [row] = await this.database.query<rows.RunRow>(
      `select * from journey_runs where tenant = $1 and journey_id = $2
        order by requested_at desc, id desc limit 1`,
      [tenant, journeyId],
    );
    return row && rows.toRun(row);
  }

  override async setRun(
    tenant: string,
    id: string,
    change: Parameters<Journeys['setRun']>[2],
    at: Date,
  ): Promise<void> {
    const { state, reason, total, processed } = change;
    await this.database.execute(SET_RUN, [
      ...[tenant, id, state, reason ?? null, total ?? null, processed ?? null, at],
    ]);
  }

  override takeStalledRuns(before: Date, now: Date): Promise<{ tenant: string; id: string }[]> {
    return this.database.query(
      `update journey_runs set updated_at = $2
        where state in ('queued', 'running') and updated_at < $1 returning tenant, id`,
      [before, now],
    );
  }

  override async assign(
    tenant: string,
    journeyId: string,
    runId: string,
    assignments: readonly Assignment[],
    at: Date,
  ): Promise<void> {
    await this.database.execute(ASSIGN, [
      tenant,
      journeyId,
      runId,
      assignments.map(({ customerId }) => customerId),
      assignments.map(({ arm }) => arm),
      assignments.map(({ aliveProbability }) => aliveProbability),
      assignments.map(({ modelVersion }) => modelVersion),
      at,
    ]);
  }

  override async countOpen(tenant: string, journeyId: string, runId: string): Promise<number> {
    const [row] = await this.database.query<{ open: bigint }>(
      `select count(*) as open from journey_assignments
        where tenant = $1 and journey_id = $2 and outcome in ('pending', 'suppressed')
          and considered_run_id is distinct from $3 and reason is distinct from 'mail_refused'`,
      [tenant, journeyId, runId],
    );
    return Number(row?.open ?? 0n);
  }

  override report(tenant: string, journeyId: string): Promise<JourneyReport> {
    // One snapshot, so that the buckets add up while a run goes on.
    return this.database.transaction((tx) => readReport(tx, tenant, journeyId), {
      isolation: 'repeatable read',
      isReadOnly: true,
    });
  }

  override async customers(
    tenant: string,
    journeyId: string,
    limit: number,
    afterId = '',
  ): Promise<JourneyCustomer[]> {
    const found = await this.database.query<rows.CustomerRow>(CUSTOMERS, [
      ...[tenant, journeyId, afterId, limit],
    ]);
    return found.map(rows.toCustomer);
  }

  override async frequencyCap(tenant: string): Promise<FrequencyCap | undefined> {
    const [row] = await this.database.query<{ max_messages: number; window_ms: bigint }>(
      'select max_messages, window_ms from frequency_caps where tenant = $1',
      [tenant],
    );
    return row && { maxMessages: row.max_messages, windowMs: Number(row.window_ms) };
  }

  override async saveFrequencyCap(tenant: string, cap: FrequencyCap, at: Date): Promise<void> {
    await this.database.execute(
      `insert into frequency_caps (tenant, max_messages, window_ms, updated_at) values ($1, $2, $3, $4)
       on conflict (tenant) do update
          set max_messages = excluded.max_messages, window_ms = excluded.window_ms,
              updated_at = excluded.updated_at`,
      [tenant, cap.maxMessages, cap.windowMs, at],
    );
  }
}
