-- A person's decisions are found without reading all of them: for exports and erasures.
create index decisions_by_customer on decisions (tenant, customer_id) where customer_id is not null;
