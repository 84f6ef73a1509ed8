-- Leases: slices of budgets that nodes spend from memory. The money of a lease is a hold of the same id; these rows say
-- whose it is, and what is booked should the node never be heard of again.

CREATE TABLE lease_nodes (
  tenant    text   NOT NULL,
  budget_id text   NOT NULL,
  node_id   text   NOT NULL CHECK (length(node_id) BETWEEN 1 AND 128),
  -- The latest start of the node: slices are refused to an earlier one.
  epoch     bigint NOT NULL CHECK (epoch BETWEEN 1 AND 9007199254740991),
  slices    bigint NOT NULL DEFAULT 0 CHECK (slices >= 0),
  PRIMARY KEY (tenant, budget_id, node_id),
  FOREIGN KEY (tenant, budget_id) REFERENCES budgets (tenant, id)
) WITH (fillfactor = 50);

CREATE TABLE leases (
  tenant             text    NOT NULL,
  -- The id of its hold too.
  id                 text    NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
  lease_no           bigint  GENERATED ALWAYS AS IDENTITY,
  budget_id          text    NOT NULL,
  node_id            text    NOT NULL,
  epoch              bigint  NOT NULL,
  slice_no           bigint  NOT NULL,
  currency           text    NOT NULL,
  asked_micros       bigint  NOT NULL CHECK (asked_micros BETWEEN 1 AND 9007199254740991),
  at_least_micros    bigint  NOT NULL CHECK (at_least_micros BETWEEN 1 AND asked_micros),
  headroom_divisor   integer NOT NULL CHECK (headroom_divisor >= 1),
  unreported_percent integer NOT NULL CHECK (unreported_percent BETWEEN 1 AND 100),
  ttl_ms             bigint  NOT NULL CHECK (ttl_ms > 0),
  grace_ms           bigint  NOT NULL CHECK (grace_ms >= 0),
  asked_ms           bigint  NOT NULL,
  -- When the sweeper looks at it next.
  closes_ms          bigint  NOT NULL,
  revoked_ms         bigint,
  -- Booked as spent although nobody reported it: what a silent node may have spent.
  presumed_micros    bigint  NOT NULL DEFAULT 0 CHECK (presumed_micros >= 0),
  closed_as          text    CHECK (closed_as IN ('released', 'expired', 'denied', 'lost')),
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, budget_id, node_id, epoch, slice_no),
  FOREIGN KEY (tenant, budget_id, node_id) REFERENCES lease_nodes (tenant, budget_id, node_id)
) WITH (fillfactor = 80);
CREATE INDEX leases_open ON leases (closes_ms) WHERE closed_as IS NULL;
CREATE INDEX leases_list ON leases (tenant, lease_no);
