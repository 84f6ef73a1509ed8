-- Why campaigns of a budget do not bid: what SyncShield told. Events may come twice and in any order: a stop holds while
-- its number is larger than that of the last lift of the same origin and cause.
create table budget_stops (
  tenant text not null,
  -- `*` is every budget of the tenant.
  budget_id text collate "C" not null,
  -- The budget, or the kill switch, that it comes from.
  origin text not null,
  cause text not null check (cause in ('pause', 'cap', 'kill')),
  -- The cap.
  part text not null,
  stop_seq bigint not null,
  -- When its window begins anew; null: until it is lifted.
  until_at timestamptz,
  primary key (tenant, budget_id, origin, cause, part)
);
create table budget_lifts (
  tenant text not null,
  budget_id text collate "C" not null,
  origin text not null,
  cause text not null check (cause in ('pause', 'cap', 'kill')),
  lift_seq bigint not null,
  primary key (tenant, budget_id, origin, cause)
);
