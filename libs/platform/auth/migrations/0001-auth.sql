-- The one shared schema: tenants, API keys, live channels. Every change is told to all processes by NOTIFY.
create schema if not exists kiki_auth;

create table kiki_auth.tenants (
  tenant          text primary key check (tenant ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name            text not null,
  created_at      timestamptz not null default now(),
  suspended_at    timestamptz,
  rate_per_second double precision check (rate_per_second > 0),
  rate_burst      integer check (rate_burst >= 1),
  check ((rate_per_second is null) = (rate_burst is null))
);

create table kiki_auth.api_keys (
  tenant          text not null references kiki_auth.tenants (tenant),
  key_id          text not null unique,
  env             text not null,
  name            text not null,
  scopes          text[] not null check (cardinality(scopes) > 0),
  digest          bytea not null check (octet_length(digest) = 32),
  signing_key     bytea not null check (octet_length(signing_key) = 32),
  created_at      timestamptz not null default now(),
  created_by      text not null,
  expires_at      timestamptz,
  revoked_at      timestamptz,
  rotated_from    text,
  rotated_to      text,
  last_used_at    timestamptz,
  rate_per_second double precision check (rate_per_second > 0),
  rate_burst      integer check (rate_burst >= 1),
  primary key (tenant, key_id),
  check ((rate_per_second is null) = (rate_burst is null))
);

create table kiki_auth.live_channels (
  tenant     text not null references kiki_auth.tenants (tenant),
  channel    text not null check (channel ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  is_live    boolean not null,
  changed_at timestamptz not null default now(),
  changed_by text not null,
  primary key (tenant, channel)
);

create function kiki_auth.tell_change() returns trigger language plpgsql as $$
declare
  changed record := coalesce(new, old);
begin
  if tg_table_name = 'api_keys' then
    perform pg_notify('kiki_auth', 'key:' || changed.key_id);
  elsif tg_table_name = 'tenants' then
    perform pg_notify('kiki_auth', 'tenant:' || changed.tenant);
  else
    perform pg_notify('kiki_auth', 'channel:' || changed.tenant || ':' || changed.channel);
  end if;
  return null;
end
$$;

create trigger tell_change after insert or delete or update of
  suspended_at, rate_per_second, rate_burst
  on kiki_auth.tenants for each row execute function kiki_auth.tell_change();

-- Not last_used_at: using a key must not invalidate it everywhere.
create trigger tell_change after insert or delete or update of
  scopes, digest, signing_key, expires_at, revoked_at, rate_per_second, rate_burst
  on kiki_auth.api_keys for each row execute function kiki_auth.tell_change();

create trigger tell_change after insert or delete or update
  on kiki_auth.live_channels for each row execute function kiki_auth.tell_change();

insert into kiki_auth.tenants (tenant, name) values ('default', 'Default') on conflict do nothing;
