-- One order log per tenant. Ids sort by bytes ("C"), so that reads have one order on every server.
create table ledgers (
  tenant text primary key,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- Whose calendar days merge purchases; fixed by the first rows.
  time_zone text not null,
  -- Days since 1970-01-01 in that time zone; the newest counts refunds too.
  first_day integer,
  newest_day integer,
  transaction_count bigint not null default 0 check (transaction_count >= 0),
  model_count integer not null default 0 check (model_count >= 0)
);

create table transactions (
  tenant text not null references ledgers,
  transaction_id text collate "C" not null check (length(transaction_id) between 1 and 128),
  customer_id text collate "C" not null check (length(customer_id) between 1 and 128),
  occurred_at timestamptz not null,
  day integer not null,
  -- Negative or zero for refunds.
  amount_micros bigint not null,
  is_refund boolean not null,
  source text not null,
  ingested_at timestamptz not null default now(),
  primary key (tenant, transaction_id),
  check (case when is_refund then amount_micros <= 0 else amount_micros >= 0 end)
);

-- The same by customer and calendar day: what histories are made from.
create table customer_days (
  tenant text not null,
  customer_id text collate "C" not null,
  day integer not null,
  purchase_count integer not null check (purchase_count >= 0),
  purchase_micros bigint not null check (purchase_micros >= 0),
  refund_count integer not null check (refund_count >= 0),
  refund_micros bigint not null check (refund_micros >= 0),
  primary key (tenant, customer_id, day)
);

-- The state that predictions read; equal to one rebuilt from customer_days.
create table customers (
  tenant text not null,
  customer_id text collate "C" not null,
  -- Null while there are only refunds.
  first_day integer,
  last_day integer,
  frequency integer not null check (frequency >= 0),
  repeat_micros bigint not null check (repeat_micros >= 0),
  total_micros bigint not null check (total_micros >= repeat_micros),
  transaction_count bigint not null,
  refund_count bigint not null,
  primary key (tenant, customer_id)
);
