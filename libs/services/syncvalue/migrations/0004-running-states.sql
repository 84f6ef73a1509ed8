-- What a state needs to take new rows in without reading the customer's days again.
alter table customers
  -- Newest day on which money was paid back.
  add column last_refund_day integer,
  -- Some refund took from an earlier first purchase day or found too little to take: late rows may change what it took.
  add column has_deep_refund boolean not null default false;

-- Supposed where it is not known: such a customer's late rows read all days once, which then says how it is.
update customers set has_deep_refund = true,
       last_refund_day = (select max(day) from customer_days d
                           where d.tenant = customers.tenant and d.customer_id = customers.customer_id
                             and d.refund_micros > 0)
 where refund_count > 0;
