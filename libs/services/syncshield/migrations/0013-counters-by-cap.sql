-- The number of a cap says its tenant: counters are found by two numbers, a third cheaper than with a text before them.
ALTER TABLE cap_counters DROP CONSTRAINT cap_counters_pkey, ADD PRIMARY KEY (cap_no, slot);
CREATE INDEX cap_counters_tenant ON cap_counters (tenant);
