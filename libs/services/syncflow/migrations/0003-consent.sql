-- Where an opportunity was offered and what its browser asked for, and what SyncShield's consent registry said to it.
alter table decisions
  add column region text,
  add column is_gpc boolean not null default false,
  add column consent_receipt text;
