-- Why and how a label moved.
alter table label_moves
  add column kind text not null default 'promotion'
    check (kind in ('first', 'fit', 'promotion', 'refit', 'rollback')),
  add column reason text not null default '',
  add column is_forced boolean not null default false,
  -- What the promotion gates said, as an array; null where none were asked.
  add column gates json;

-- What every customer is worth by the champion: a whole generation is written in one transaction, the newest two stay.
create table customer_scores (
  tenant text not null,
  generation bigint not null,
  customer_id text collate "C" not null,
  ltv_micros bigint not null,
  expected_purchases double precision not null,
  alive_probability double precision not null,
  -- 1 low, 2 medium, 3 high, 4 top.
  tier smallint not null check (tier between 1 and 4),
  recency_score smallint not null check (recency_score between 1 and 5),
  frequency_score smallint not null check (frequency_score between 1 and 5),
  monetary_score smallint not null check (monetary_score between 1 and 5),
  primary key (tenant, generation, customer_id)
);
create index customer_scores_by_value
  on customer_scores (tenant, generation, ltv_micros desc, customer_id);
create index customer_scores_by_tier
  on customer_scores (tenant, generation, tier, ltv_micros desc, customer_id);

-- What each generation was made from, and how far the population had drifted; the highest one is current.
create table score_passes (
  tenant text not null,
  generation bigint not null,
  version text collate "C" not null,
  as_of_day integer not null,
  -- Transactions of the log that the pass saw: with the same number and version there is nothing to do.
  transaction_count bigint not null,
  customer_count bigint not null,
  computed_at timestamptz not null,
  -- Horizon, discount rate and margin of the values.
  options json not null,
  drift json,
  primary key (tenant, generation)
);

-- Values that challenger and champion gave to the same customers at the same time, off the answer path.
create table shadow_pairs (
  tenant text not null,
  id bigint generated always as identity,
  champion text collate "C" not null,
  challenger text collate "C" not null,
  taken_at timestamptz not null,
  champion_micros bigint[] not null,
  challenger_micros bigint[] not null,
  primary key (tenant, id),
  check (cardinality(champion_micros) = cardinality(challenger_micros))
);

-- Scheduled refits; one whose process died is found by its missing end.
create table refit_runs (
  tenant text not null,
  id bigint generated always as identity,
  started_at timestamptz not null,
  ended_at timestamptz,
  outcome text not null check (outcome in ('running', 'challenger', 'promoted', 'refused', 'failed', 'lost')),
  version text collate "C",
  error_code text,
  error_message text,
  primary key (tenant, id)
);
