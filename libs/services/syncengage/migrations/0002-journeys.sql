create table journeys (
  tenant text not null,
  id text collate "C" not null check (length(id) between 1 and 128),
  name text not null,
  segment text not null check (segment in ('active', 'at_risk', 'lost')),
  offer text not null,
  budget_id text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  cost_micros bigint not null check (cost_micros >= 0),
  holdout_share double precision not null check (holdout_share between 0 and 1),
  salt text not null,
  subject text not null,
  body text not null,
  is_active boolean not null default true,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant, id)
);

-- How many messages one customer may get from all journeys together.
create table frequency_caps (
  tenant text primary key,
  max_messages integer not null check (max_messages >= 0),
  window_ms bigint not null check (window_ms > 0),
  updated_at timestamptz not null
);

create table journey_runs (
  tenant text not null,
  id uuid not null,
  journey_id text collate "C" not null,
  state text not null check (state in ('queued', 'running', 'done', 'blocked', 'failed')),
  reason text,
  total integer not null default 0,
  processed integer not null default 0,
  requested_at timestamptz not null,
  updated_at timestamptz not null,
  finished_at timestamptz,
  primary key (tenant, id),
  foreign key (tenant, journey_id) references journeys (tenant, id)
);
-- One run of a journey at a time.
create unique index journey_runs_active on journey_runs (tenant, journey_id) where state in ('queued', 'running');
create index journey_runs_by_time on journey_runs (tenant, journey_id, requested_at);

-- One row per customer and journey, for ever: which arm, and the one bucket of the report that the customer is in.
create table journey_assignments (
  tenant text not null,
  journey_id text collate "C" not null,
  customer_id text collate "C" not null,
  arm text not null check (arm in ('holdout', 'treatment')),
  outcome text not null check (outcome in ('pending', 'held_out', 'suppressed', 'messaged')),
  reason text,
  alive_probability double precision not null,
  model_version text not null,
  run_id uuid not null,
  -- The last run that looked at this customer.
  considered_run_id uuid,
  assigned_at timestamptz not null,
  decided_at timestamptz,
  primary key (tenant, journey_id, customer_id),
  foreign key (tenant, journey_id) references journeys (tenant, id),
  check ((arm = 'holdout') = (outcome = 'held_out')),
  check ((outcome = 'suppressed') = (reason is not null))
);
create index journey_assignments_open on journey_assignments (tenant, journey_id, customer_id)
  where outcome in ('pending', 'suppressed');

-- One message per customer and journey. planned -> sending -> sent | failed | unknown; planned -> cancelled -> planned.
-- Nothing leads out of sending, sent and unknown to another attempt, except an answer that proves the mail was not taken.
create table messages (
  tenant text not null,
  id uuid not null,
  journey_id text collate "C" not null,
  customer_id text collate "C" not null,
  run_id uuid not null,
  state text not null check (state in ('planned', 'sending', 'sent', 'failed', 'unknown', 'cancelled')),
  reason text,
  budget_id text not null,
  cost_micros bigint not null,
  currency text not null,
  hold_attempt integer not null default 1,
  hold_state text not null default 'none' check (hold_state in ('none', 'held', 'denied')),
  hold_expires_at timestamptz,
  settled_at timestamptz,
  settlement_outcome text,
  attempts integer not null default 0,
  planned_at timestamptz not null,
  next_attempt_at timestamptz not null,
  sending_at timestamptz,
  finished_at timestamptz,
  smtp_response text,
  primary key (tenant, id),
  unique (tenant, journey_id, customer_id),
  foreign key (tenant, journey_id, customer_id) references journey_assignments (tenant, journey_id, customer_id)
);
create index messages_due on messages (tenant, journey_id, next_attempt_at, id) where state = 'planned';
create index messages_sending on messages (sending_at) where state = 'sending';
create index messages_by_customer on messages (tenant, customer_id);
create index messages_unsettled on messages (tenant, finished_at)
  where hold_state = 'held' and settled_at is null and state in ('sent', 'failed', 'unknown', 'cancelled');
