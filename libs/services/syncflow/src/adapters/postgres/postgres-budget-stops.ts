import type { Clock } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import { BudgetStops, type ActiveStop } from '../../application/budget-stops.js';
import { changeOf, type BudgetEvent, type StopCause } from '../../domain/budget-stop.js';

const STOP = `
  insert into budget_stops as s (tenant, budget_id, origin, cause, part, stop_seq, until_at)
  select $1, b.id, $3, $4, $5, $6, $7 from unnest($2::text[]) as b (id)
      on conflict (tenant, budget_id, origin, cause, part) do update
     set stop_seq = excluded.stop_seq, until_at = excluded.until_at
   where s.stop_seq < excluded.stop_seq`;

const LIFT = `
  insert into budget_lifts as l (tenant, budget_id, origin, cause, lift_seq)
  select $1, b.id, $3, c.cause, $5 from unnest($2::text[]) as b (id), unnest($4::text[]) as c (cause)
      on conflict (tenant, budget_id, origin, cause) do update
     set lift_seq = greatest(l.lift_seq, excluded.lift_seq)`;

const ACTIVE = `
  select distinct on (b.id) b.id, s.cause, s.origin
    from unnest($2::text[]) as b (id)
    join budget_stops s on s.tenant = $1 and s.budget_id in (b.id, '*')
    left join budget_lifts l on l.tenant = s.tenant and l.budget_id = s.budget_id and l.origin = s.origin
                            and l.cause = s.cause
   where s.stop_seq > coalesce(l.lift_seq, 0) and (s.until_at is null or s.until_at > $3)
   order by b.id, s.stop_seq desc`;

/** Stops in the service's own schema. */
export class PostgresBudgetStops extends BudgetStops {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async apply(
    tenant: string,
    event: BudgetEvent,
    budgetIds: readonly string[],
  ): Promise<void> {
    const change = changeOf(event);
    if (change === undefined) return;
    const { origin } = change;
    await (change.kind === 'stop'
      ? this.database.execute(STOP, [
          ...[tenant, budgetIds, origin, change.cause, change.part],
          ...[event.seq, change.until ?? null],
        ])
      : this.database.execute(LIFT, [tenant, budgetIds, origin, change.causes, event.seq]));
  }

  override async active(
    tenant: string,
    budgetIds: readonly string[],
  ): Promise<Map<string, ActiveStop>> {
    if (budgetIds.length === 0) return new Map();
    const rows = await this.database.query<{ id: string; cause: StopCause; origin: string }>(
      ACTIVE,
      [tenant, budgetIds, this.clock.now()],
      { name: 'flow-budget-stops' },
    );
    return new Map(rows.map(({ id, cause, origin }) => [id, { cause, origin }]));
  }
}
