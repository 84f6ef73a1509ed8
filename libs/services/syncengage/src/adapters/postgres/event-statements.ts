/**
 * Statements of the intake; each takes arrays, so that a batch of a thousand costs as many round
 * trips as one event.
 */

export const LINK = `
  insert into anonymous_links (tenant, anonymous_id, customer_id, linked_at)
  select $1, u.anonymous_id, u.customer_id, $4
    from unnest($2::text[], $3::text[]) as u (anonymous_id, customer_id)
   order by u.anonymous_id
  on conflict do nothing
  returning anonymous_id, customer_id`;

export const LINKED = `
  select anonymous_id, customer_id from anonymous_links
   where tenant = $1 and anonymous_id = any($2::text[])`;

export const ADD_EVENTS = `
  insert into events (tenant, message_id, type, name, customer_id, anonymous_id, data, occurred_at, claimed_at,
                      timing, received_at)
  select $1, u.message_id, u.type, u.name, u.customer_id, u.anonymous_id, u.data, u.occurred_at, u.claimed_at,
         u.timing, $11
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::timestamptz[],
                $9::timestamptz[], $10::text[])
      as u (message_id, type, name, customer_id, anonymous_id, data, occurred_at, claimed_at, timing)
   order by u.message_id
  on conflict do nothing
  returning message_id`;

export const ADD_PROFILES = `
  insert into profiles (tenant, customer_id, email, traits, trait_times, first_seen_at, last_seen_at)
  select $1, u.customer_id, u.email, u.traits, u.trait_times, u.first_seen_at, u.last_seen_at
    from unnest($2::text[], $3::text[], $4::jsonb[], $5::jsonb[], $6::timestamptz[], $7::timestamptz[])
      as u (customer_id, email, traits, trait_times, first_seen_at, last_seen_at)
   order by u.customer_id
  on conflict (tenant, customer_id) do nothing
  returning customer_id`;

export const LOCK_FACTS = `
  select customer_id, email, traits, trait_times from profiles
   where tenant = $1 and customer_id = any($2::text[]) order by customer_id for update`;

export const PUT_PROFILES = `
  update profiles p
     set email = u.email, traits = u.traits, trait_times = u.trait_times,
         first_seen_at = least(p.first_seen_at, u.first_seen_at),
         last_seen_at = greatest(p.last_seen_at, u.last_seen_at)
    from unnest($2::text[], $3::text[], $4::jsonb[], $5::jsonb[], $6::timestamptz[], $7::timestamptz[])
      as u (customer_id, email, traits, trait_times, first_seen_at, last_seen_at)
   where p.tenant = $1 and p.customer_id = u.customer_id`;

export const OBJECT = `
  with objections as (
    select * from unnest($2::text[], $3::timestamptz[], $4::text[]) as u (customer_id, at, proof)
  ), changed as (
    update profiles p set subscription = 'unsubscribed', subscription_at = o.at
      from objections o
     where p.tenant = $1 and p.customer_id = o.customer_id and p.subscription <> 'unsubscribed'
    returning p.customer_id, o.at, o.proof
  )
  insert into consent_changes (tenant, customer_id, channel, status, source, proof, at)
  select $1, customer_id, 'email', 'unsubscribed', 'traits', proof, at from changed`;

export const ADD_ORDERS = `
  insert into outbox (tenant, transaction_id, customer_id, occurred_at, amount_micros, currency, kind, created_at)
  select $1, u.transaction_id, u.customer_id, u.occurred_at, u.amount_micros, u.currency, u.kind, $8
    from unnest($2::text[], $3::text[], $4::timestamptz[], $5::bigint[], $6::text[], $7::text[])
      with ordinality as u (transaction_id, customer_id, occurred_at, amount_micros, currency, kind, place)
   order by u.place
  on conflict do nothing`;

/** Once a customer and day: every page of a site says it anew. */
export const ADD_SIGNALS = `
  insert into privacy_signals (tenant, customer_id, day, signal, at)
  select $1, u.customer_id, ($3::timestamptz at time zone 'UTC')::date, 'gpc', $3
    from unnest($2::text[]) as u (customer_id) order by u.customer_id
  on conflict do nothing`;

/** Events that came before anybody knew whose they were. */
export const ADOPT = `
  update events e set customer_id = u.customer_id
    from unnest($2::text[], $3::text[]) as u (anonymous_id, customer_id)
   where e.tenant = $1 and e.anonymous_id = u.anonymous_id and e.customer_id is null
  returning e.message_id, e.type, e.name, e.customer_id, e.data, e.occurred_at, e.timing`;
