/**
 * Statements of the message state machine. Each names the state it leads out of; the customer's
 * bucket moves with it.
 */

export const OPEN_ASSIGNMENTS = `
  select a.customer_id, m.state, m.hold_state, m.settled_at
    from journey_assignments a left join messages m using (tenant, journey_id, customer_id)
   where a.tenant = $1 and a.journey_id = $2 and a.outcome in ('pending', 'suppressed')
     and a.considered_run_id is distinct from $3 and a.reason is distinct from 'mail_refused'
   order by a.customer_id limit $4
     for update of a`;

/** A mailbox has objected when any customer with its address did. */
export const LOCK_PROFILES = `
  select p.customer_id, p.email, s.segment,
         case when exists (select from profiles q where q.tenant = p.tenant and q.email = p.email
                              and q.subscription = 'unsubscribed')
              then 'unsubscribed' else p.subscription end as subscription
    from profiles p left join segment_members s using (tenant, customer_id)
   where p.tenant = $1 and p.customer_id = any($2::text[]) order by p.customer_id for update of p`;

export const TAKEN_ADDRESSES = `
  select distinct p.email from profiles p join messages m using (tenant, customer_id)
   where p.tenant = $1 and p.email = any($3::text[]) and m.journey_id = $2
     and m.state in ('planned', 'sending', 'sent', 'unknown')`;

export const RECENT_MESSAGES = `
  select customer_id, count(*) as messages from messages
   where tenant = $1 and customer_id = any($2::text[]) and coalesce(sending_at, planned_at) > $3
     and state in ('planned', 'sending', 'sent', 'unknown')
   group by customer_id`;

export const PLAN = `
  insert into messages (tenant, id, journey_id, customer_id, run_id, state, budget_id, cost_micros, currency,
                        planned_at, next_attempt_at)
  select $1, u.id, $2, u.customer_id, $3, 'planned', $4, $5, $6, $7, $7
    from unnest($8::uuid[], $9::text[]) as u (id, customer_id) order by u.customer_id
  on conflict (tenant, journey_id, customer_id) do update
     set state = 'planned', reason = null, run_id = excluded.run_id, cost_micros = excluded.cost_micros,
         hold_attempt = messages.hold_attempt + 1, hold_state = 'none', hold_expires_at = null, settled_at = null,
         settlement_outcome = null, attempts = 0, planned_at = excluded.planned_at,
         next_attempt_at = excluded.next_attempt_at, finished_at = null, smtp_response = null
   where messages.state = 'cancelled'`;

export const CONSIDER = `
  update journey_assignments a
     set considered_run_id = $3, outcome = u.outcome, reason = u.reason,
         decided_at = case u.outcome when 'suppressed' then $4::timestamptz end
    from unnest($5::text[], $6::text[], $7::text[]) as u (customer_id, outcome, reason)
   where a.tenant = $1 and a.journey_id = $2 and a.customer_id = u.customer_id`;

export const SKIP = `
  update journey_assignments set considered_run_id = $3
   where tenant = $1 and journey_id = $2 and customer_id = any($4::text[])`;

export const DUE = `
  select m.tenant, m.id, m.journey_id, m.customer_id, m.budget_id, m.cost_micros, m.currency, m.hold_attempt,
         case m.hold_state when 'held' then m.hold_expires_at end as hold_expires_at, m.attempts,
         coalesce(p.traits #>> '{address,country}', p.traits ->> 'country') as region
    from messages m join profiles p using (tenant, customer_id)
   where m.tenant = $1 and m.journey_id = $2 and m.state = 'planned' and m.next_attempt_at <= $3
   order by m.next_attempt_at, m.id limit $4`;

export const HELD = `
  update messages m set hold_state = 'held', hold_expires_at = u.expires_at
    from unnest($2::uuid[], $3::integer[], $4::timestamptz[]) as u (id, hold_attempt, expires_at)
   where m.tenant = $1 and m.id = u.id and m.hold_attempt = u.hold_attempt and m.state = 'planned'`;

/** Suppresses the customers of messages that the leading statement changed and calls `m`. */
const SUPPRESS = `
  update journey_assignments a set outcome = 'suppressed', reason = m.reason, decided_at = m.finished_at
    from m where a.tenant = m.tenant and a.journey_id = m.journey_id and a.customer_id = m.customer_id`;

export const DENIED = `
  with m as (
    update messages m set state = 'cancelled', hold_state = 'denied', reason = u.reason, finished_at = $5
      from unnest($2::uuid[], $3::integer[], $4::text[]) as u (id, hold_attempt, reason)
     where m.tenant = $1 and m.id = u.id and m.hold_attempt = u.hold_attempt and m.state = 'planned'
    returning m.tenant, m.journey_id, m.customer_id, m.reason, m.finished_at
  ) ${SUPPRESS}`;

export const REFUSED = `
  with m as (
    update messages m set state = 'cancelled', reason = u.reason, consent_receipt = u.receipt, finished_at = $5
      from unnest($2::uuid[], $3::text[], $4::text[]) as u (id, reason, receipt)
     where m.tenant = $1 and m.id = u.id and m.state = 'planned'
    returning m.tenant, m.journey_id, m.customer_id, m.reason, m.finished_at
  ) ${SUPPRESS}`;

export const RENEW_HOLDS = `
  update messages set hold_attempt = hold_attempt + 1, hold_state = 'none', hold_expires_at = null
   where tenant = $1 and id = any($2::uuid[]) and state = 'planned'`;

export const CANCEL = `
  with m as (
    update messages set state = 'cancelled', reason = $3, finished_at = $4
     where tenant = $1 and id = any($2::uuid[]) and state = 'planned'
    returning tenant, journey_id, customer_id, reason, finished_at
  ) ${SUPPRESS}`;

/**
 * Claims a message in one round trip, if its customer's consent is among $5. Locks the consent that
 * the claim relies on: a withdrawal waits for the claim, or the claim sees it.
 */
export const CLAIM = `
  with target as (
    select m.tenant, m.id, p.email, p.traits, p.subscription
      from messages m join profiles p using (tenant, customer_id)
     where m.tenant = $1 and m.id = $2 and m.state = 'planned' and m.hold_state = 'held'
       and m.hold_attempt = $3 and m.hold_expires_at > $4
       for update of m for share of p
  ), claimed as (
    update messages m set state = 'sending', sending_at = $4, consent_receipt = $6
      from target t
     where m.tenant = t.tenant and m.id = t.id and t.email is not null and t.subscription = any($5::text[])
    returning m.id
  )
  select t.email, t.traits, t.subscription, exists (select from claimed) as is_claimed from target t`;

export const PUT_BACK = `
  update messages set state = 'planned', next_attempt_at = $3, smtp_response = left($4, 500),
         attempts = attempts + $5
   where tenant = $1 and id = $2 and state = 'sending'`;

export const FINISH = `
  with m as (
    update messages set state = $3, reason = $4, smtp_response = left($5, 500), finished_at = $6,
           attempts = attempts + 1
     where tenant = $1 and id = $2 and (state = 'sending' or (state = 'unknown' and $3 = 'sent'))
    returning tenant, journey_id, customer_id, state, reason, finished_at
  )
  update journey_assignments a
     set outcome = case m.state when 'failed' then 'suppressed' else 'messaged' end,
         reason = case m.state when 'failed' then m.reason end, decided_at = m.finished_at
    from m where a.tenant = m.tenant and a.journey_id = m.journey_id and a.customer_id = m.customer_id`;

export const GIVE_UP = `
  with m as (
    update messages set state = 'unknown', reason = 'sender_lost', finished_at = $2, attempts = attempts + 1
     where state = 'sending' and sending_at < $1
    returning tenant, journey_id, customer_id, finished_at
  )
  update journey_assignments a set outcome = 'messaged', reason = null, decided_at = m.finished_at
    from m where a.tenant = m.tenant and a.journey_id = m.journey_id and a.customer_id = m.customer_id`;

export const UNSETTLED = `
  select tenant, id, hold_attempt, state from messages
   where hold_state = 'held' and settled_at is null and state in ('sent', 'failed', 'unknown', 'cancelled')
   order by tenant, finished_at limit $1`;

export const SETTLED = `
  update messages m set settled_at = $4, settlement_outcome = u.outcome
    from unnest($2::uuid[], $3::text[]) as u (id, outcome)
   where m.tenant = $1 and m.id = u.id and m.settled_at is null`;
