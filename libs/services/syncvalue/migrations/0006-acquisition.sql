-- How customers came: of each name the value of the customer's earliest transaction that has one (ties by transaction
-- id, then by value), so that the order in which rows arrive does not matter. Goes with its customer.
create table customer_attributes (
  tenant text not null references ledgers,
  customer_id text collate "C" not null check (length(customer_id) between 1 and 128),
  name text collate "C" not null check (length(name) between 1 and 32),
  value text collate "C" not null check (length(value) between 1 and 64),
  -- The transaction that it comes from, and its calendar day in the tenant's time zone.
  occurred_at timestamptz not null,
  day integer not null,
  transaction_id text collate "C" not null,
  primary key (tenant, customer_id, name)
);
