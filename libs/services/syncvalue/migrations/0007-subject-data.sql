-- Rows that were taken out of the log for data subjects: transaction_count + 2 * erased_count only ever grows, so that
-- what was remembered under it is never taken for current again.
alter table ledgers add column erased_count bigint not null default 0 check (erased_count >= 0);

-- Who does not want to be valued: no table of scores has them. The id goes with an erasure.
create table objections (
  tenant text not null,
  customer_id text collate "C" not null check (length(customer_id) between 1 and 128),
  request_id text not null,
  at timestamptz not null default now(),
  primary key (tenant, customer_id)
);
