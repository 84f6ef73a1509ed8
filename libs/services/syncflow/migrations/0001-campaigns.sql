create table campaigns (
  tenant text not null,
  id text collate "C" not null check (length(id) between 1 and 128),
  name text not null,
  budget_id text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  channel text not null,
  value_share_milli integer not null check (value_share_milli between 1 and 1000),
  min_bid_micros bigint not null check (min_bid_micros >= 0),
  max_bid_micros bigint not null check (max_bid_micros >= min_bid_micros),
  hold_ttl_ms integer not null check (hold_ttl_ms > 0),
  hold_grace_ms integer not null check (hold_grace_ms >= 0),
  is_active boolean not null,
  body_hash text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant, id)
);

-- What a price is made from, frozen: a job that runs again must find the same numbers.
create table pricing_snapshots (
  tenant text not null,
  campaign_id text collate "C" not null,
  version integer not null check (version >= 1),
  stranger_value_micros bigint not null check (stranger_value_micros >= 0),
  fallback_value_micros bigint not null check (fallback_value_micros >= 0),
  conversion jsonb not null,
  model_version text,
  created_at timestamptz not null default now(),
  primary key (tenant, campaign_id, version),
  foreign key (tenant, campaign_id) references campaigns (tenant, id)
);

create table decisions (
  tenant text not null,
  campaign_id text collate "C" not null,
  opportunity_id text collate "C" not null check (length(opportunity_id) between 1 and 128),
  job_id text not null,
  customer_id text,
  channel text not null,
  segment text not null,
  currency text not null,
  floor_micros bigint not null,
  value_micros bigint not null,
  value_source text not null check (value_source in ('model', 'cold_start', 'fallback')),
  fallback_reason text,
  model_version text,
  snapshot_version integer not null,
  value_share_milli integer not null,
  min_bid_micros bigint not null,
  max_bid_micros bigint not null,
  conversion_probability double precision not null,
  price_micros bigint not null check (price_micros >= 0),
  reason text not null,
  status text not null check (status in ('priced', 'no_bid', 'denied', 'dry_run', 'placing', 'placed')),
  hold_id text,
  hold_reason text,
  decided_at timestamptz not null,
  placed_at timestamptz,
  took_ms double precision,
  primary key (tenant, campaign_id, opportunity_id)
);
create index decisions_by_opportunity on decisions (tenant, opportunity_id);

-- One row per fact an exchange tells: a repeated notice finds its row and changes nothing.
create table outcomes (
  tenant text not null,
  id text not null check (length(id) between 1 and 128),
  campaign_id text collate "C" not null,
  opportunity_id text collate "C" not null,
  kind text not null check (kind in ('won', 'lost', 'billed', 'converted')),
  price_micros bigint check (price_micros >= 0),
  currency text,
  at timestamptz not null,
  received_at timestamptz not null default now(),
  settlement text check (settlement in ('capture', 'void')),
  -- Retries of the settlement: when the next is due, how many there were.
  retry_at timestamptz not null default now(),
  attempts integer not null default 0,
  settled_at timestamptz,
  settlement_outcome text,
  primary key (tenant, id),
  unique (tenant, campaign_id, opportunity_id, kind),
  foreign key (tenant, campaign_id, opportunity_id) references decisions (tenant, campaign_id, opportunity_id)
);
create index outcomes_unsettled on outcomes (retry_at) where settlement is not null and settled_at is null;
