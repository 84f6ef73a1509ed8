-- What SyncShield's consent registry said of a message when it was sent or stopped.
alter table messages add column consent_receipt text;

-- Words about mail go on to SyncShield: null until it has answered. Rows are only added otherwise.
alter table consent_changes
  add column forwarded_at timestamptz,
  -- Why SyncShield did not take it.
  add column rejected_because text;
create index consent_changes_pending on consent_changes (tenant, id) where forwarded_at is null;

-- `Sec-GPC: 1` of somebody's browser, at most once a customer and day (UTC), on its way to SyncShield.
create table privacy_signals (
  tenant text not null,
  customer_id text collate "C" not null,
  day date not null,
  signal text not null check (signal = 'gpc'),
  at timestamptz not null,
  forwarded_at timestamptz,
  rejected_because text,
  primary key (tenant, customer_id, day, signal)
);
create index privacy_signals_pending on privacy_signals (tenant, at) where forwarded_at is null;
