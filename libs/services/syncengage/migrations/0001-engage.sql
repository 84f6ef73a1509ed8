-- Ids are compared byte by byte on every server, so that pages and assignments have one order everywhere.
create table profiles (
  tenant text not null,
  customer_id text collate "C" not null check (length(customer_id) between 1 and 128),
  -- The only column of the whole platform that holds a raw address.
  email text check (length(email) <= 254),
  traits jsonb not null default '{}',
  -- Milliseconds since the epoch by trait, and of `email`: of two values the newer one stays, whichever came first.
  trait_times jsonb not null default '{}',
  subscription text not null default 'unknown' check (subscription in ('unknown', 'subscribed', 'unsubscribed')),
  subscription_at timestamptz,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  primary key (tenant, customer_id)
);

-- Who agreed or objected, when, and how we know: rows are only added.
create table consent_changes (
  tenant text not null,
  id bigint generated always as identity,
  customer_id text collate "C" not null,
  channel text not null check (channel = 'email'),
  status text not null check (status in ('subscribed', 'unsubscribed')),
  source text not null,
  proof text,
  at timestamptz not null,
  primary key (tenant, id)
);
create index consent_changes_by_customer on consent_changes (tenant, customer_id, id);

-- The first customer that an anonymous id is seen with keeps it.
create table anonymous_links (
  tenant text not null,
  anonymous_id text collate "C" not null,
  customer_id text collate "C" not null,
  linked_at timestamptz not null,
  primary key (tenant, anonymous_id)
);

create table events (
  tenant text not null,
  message_id text collate "C" not null check (length(message_id) between 1 and 100),
  type text not null check (type in ('identify', 'track')),
  name text,
  customer_id text collate "C",
  anonymous_id text collate "C",
  -- Properties of a track, traits of an identify without the address.
  data jsonb not null,
  occurred_at timestamptz not null,
  -- What the sender said, where it was not believed.
  claimed_at timestamptz,
  timing text not null check (timing in ('on_time', 'late', 'future')),
  received_at timestamptz not null,
  primary key (tenant, message_id),
  check (customer_id is not null or anonymous_id is not null)
);
create index events_anonymous on events (tenant, anonymous_id) where customer_id is null;

-- Orders on their way to SyncValue; written in the transaction that stores their event.
create table outbox (
  tenant text not null,
  transaction_id text collate "C" not null check (length(transaction_id) between 1 and 128),
  sequence bigint generated always as identity,
  customer_id text collate "C" not null,
  occurred_at timestamptz not null,
  amount_micros bigint not null check (amount_micros >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  kind text not null check (kind in ('purchase', 'refund')),
  state text not null default 'pending' check (state in ('pending', 'sent', 'rejected')),
  reason text,
  created_at timestamptz not null,
  finished_at timestamptz,
  primary key (tenant, transaction_id)
);
create index outbox_pending on outbox (tenant, sequence) where state = 'pending';
create index outbox_purchases on outbox (tenant, customer_id, occurred_at) where kind = 'purchase';
create index outbox_rejected on outbox (tenant) where state = 'rejected';

create table segment_refreshes (
  tenant text not null,
  id uuid not null,
  state text not null check (state in ('queued', 'running', 'done', 'failed')),
  reason text,
  model_version text,
  evaluated integer not null default 0,
  requested_at timestamptz not null,
  updated_at timestamptz not null,
  finished_at timestamptz,
  primary key (tenant, id)
);
create index segment_refreshes_by_time on segment_refreshes (tenant, requested_at);

-- Where each customer stands by the probability of being alive, and which model said so, when.
create table segment_members (
  tenant text not null,
  customer_id text collate "C" not null,
  segment text not null check (segment in ('active', 'at_risk', 'lost', 'unknown')),
  -- Null in `unknown`: nobody is sorted by a guess.
  alive_probability double precision check (alive_probability between 0 and 1),
  reason text,
  model_version text,
  evaluated_at timestamptz not null,
  refresh_id uuid not null,
  primary key (tenant, customer_id),
  check ((segment = 'unknown') = (alive_probability is null)),
  foreign key (tenant, customer_id) references profiles (tenant, customer_id) on delete cascade
);
create index segment_members_by_segment on segment_members (tenant, segment, customer_id);
