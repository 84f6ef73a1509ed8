import type { Queryable } from '@kiki/postgres';
import type { Arm } from '../../domain/holdout.js';
import type { ArmResult, JourneyReport } from '../../domain/journey.js';

const OUTCOMES = `
  select outcome, reason, count(*) as customers from journey_assignments
   where tenant = $1 and journey_id = $2 group by outcome, reason order by outcome, reason`;

const MESSAGES = `
  select state, count(*) as messages, sum(cost_micros)::bigint as cost_micros,
         count(*) filter (where hold_state = 'held' and settled_at is null) as unsettled
    from messages where tenant = $1 and journey_id = $2 group by state order by state`;

/** Orders are counted by transaction id, so that an order told twice counts once. */
const ARMS = `
  select a.arm, count(*) as customers, count(*) filter (where o.orders > 0) as converted,
         coalesce(sum(o.orders), 0)::bigint as orders
    from journey_assignments a
    left join lateral (
      select count(*) as orders from outbox t
       where t.tenant = a.tenant and t.customer_id = a.customer_id and t.kind = 'purchase'
         and t.occurred_at > a.assigned_at
    ) o on true
   where a.tenant = $1 and a.journey_id = $2 group by a.arm`;

const NOBODY: ArmResult = { customers: 0, converted: 0, orders: 0 };
const IN_FLIGHT = new Set(['planned', 'sending']);
const PAID_FOR = new Set(['sent', 'unknown']);

/** Counts a journey from its rows. */
export async function readReport(
  tx: Queryable,
  tenant: string,
  journeyId: string,
): Promise<JourneyReport> {
  const scope = [tenant, journeyId];
  const outcomes = await tx.query<{ outcome: string; reason: string | null; customers: bigint }>(
    OUTCOMES,
    scope,
  );
  const messages = await tx.query<{
    state: string;
    messages: bigint;
    cost_micros: bigint;
    unsettled: bigint;
  }>(MESSAGES, scope);
  const arms = await tx.query<{ arm: Arm } & Record<keyof ArmResult, bigint>>(ARMS, scope);
  const count = (outcome?: string): number =>
    outcomes
      .filter((row) => outcome === undefined || row.outcome === outcome)
      .reduce((sum, row) => sum + Number(row.customers), 0);
  const armResults = new Map(
    arms.map(({ arm, customers, converted, orders }): [Arm, ArmResult] => [
      arm,
      { customers: Number(customers), converted: Number(converted), orders: Number(orders) },
    ]),
  );
  return {
    atRisk: count(),
    heldOut: count('held_out'),
    suppressed: count('suppressed'),
    messaged: count('messaged'),
    pending: count('pending'),
    suppressedReasons: Object.fromEntries(
      outcomes
        .filter((row) => row.outcome === 'suppressed')
        .map((row) => [row.reason ?? '', Number(row.customers)]),
    ),
    messageStates: Object.fromEntries(messages.map((row) => [row.state, Number(row.messages)])),
    spentMicros: messages
      .filter((row) => PAID_FOR.has(row.state))
      .reduce((sum, row) => sum + row.cost_micros, 0n),
    unsettled: messages
      .filter((row) => !IN_FLIGHT.has(row.state))
      .reduce((sum, row) => sum + Number(row.unsettled), 0),
    arms: {
      holdout: armResults.get('holdout') ?? NOBODY,
      treatment: armResults.get('treatment') ?? NOBODY,
    },
  };
}
