-- Consent belongs to the mailbox: customers that share an address are found by it.
create index profiles_by_email on profiles (tenant, email) where email is not null;
