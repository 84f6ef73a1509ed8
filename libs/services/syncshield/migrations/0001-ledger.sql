-- The ledger of SyncShield. Money is bigint micros; instants are milliseconds since the epoch on the clock of this
-- server, never running backwards within a shard. A shard is a root budget with everything below it.

CREATE TABLE shards (
  tenant          text   NOT NULL,
  root_id         text   NOT NULL,
  shard_no        integer GENERATED ALWAYS AS IDENTITY UNIQUE,
  -- Grows with every change of the tree (budget, cap, pause): processes cache the tree by it.
  version         bigint NOT NULL DEFAULT 1,
  -- The latest instant this shard has decided at; the next decision is never earlier.
  clock_ms        bigint NOT NULL DEFAULT 0,
  -- No held hold of the shard has an earlier release; null when none is held. May be too early, never too late.
  next_release_ms bigint,
  PRIMARY KEY (tenant, root_id)
) WITH (fillfactor = 50);
CREATE INDEX shards_next_release ON shards (next_release_ms) WHERE next_release_ms IS NOT NULL;

CREATE TABLE budgets (
  tenant      text    NOT NULL,
  id          text    NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
  budget_no   bigint  GENERATED ALWAYS AS IDENTITY UNIQUE,
  shard_no    integer NOT NULL REFERENCES shards (shard_no),
  parent_no   bigint  REFERENCES budgets (budget_no),
  depth       integer NOT NULL CHECK (depth BETWEEN 0 AND 7),
  name        text    NOT NULL,
  currency    text    NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  is_paused   boolean NOT NULL DEFAULT false,
  -- Canonical JSON of the creating request: the same id with another one is a conflict.
  creation    text    NOT NULL,
  created_ms  bigint  NOT NULL,
  PRIMARY KEY (tenant, id),
  CHECK ((parent_no IS NULL) = (depth = 0))
);
CREATE INDEX budgets_shard ON budgets (shard_no);

-- `meter` is the cap every budget has: the largest amount that can be carried exactly (2^53-1).
CREATE TABLE caps (
  tenant       text    NOT NULL,
  budget_no    bigint  NOT NULL REFERENCES budgets (budget_no),
  id           text    NOT NULL,
  cap_no       bigint  GENERATED ALWAYS AS IDENTITY UNIQUE,
  position     integer NOT NULL,
  kind         text    NOT NULL CHECK (kind IN ('meter', 'total', 'calendar_day', 'sliding_window')),
  limit_micros bigint  NOT NULL CHECK (limit_micros BETWEEN 0 AND 9007199254740991),
  time_zone    text    CHECK ((time_zone IS NOT NULL) = (kind = 'calendar_day')),
  window_ms    bigint  CHECK ((window_ms IS NOT NULL) = (kind = 'sliding_window')),
  PRIMARY KEY (tenant, budget_no, id)
);

-- What a cap has counted in one slot: total and meter have slot 0; a calendar day its day number; a sliding window its
-- buckets, and in slot -1 the sum over the live window so that the backstop below also guards the window.
CREATE TABLE cap_counters (
  tenant        text   NOT NULL,
  cap_no        bigint NOT NULL REFERENCES caps (cap_no) ON DELETE CASCADE,
  slot          bigint NOT NULL,
  spent_micros  bigint NOT NULL,
  held_micros   bigint NOT NULL,
  limit_micros  bigint NOT NULL,
  -- Raised only by late spend and by lowering a limit; falls with use.
  excess_micros bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant, cap_no, slot),
  CONSTRAINT cap_counters_never_above CHECK (
    spent_micros >= 0 AND held_micros >= 0 AND excess_micros >= 0
    AND spent_micros + held_micros <= limit_micros + excess_micros
  )
) WITH (fillfactor = 50);

CREATE TABLE holds (
  tenant          text    NOT NULL,
  id              text    NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
  hold_no         bigint  GENERATED ALWAYS AS IDENTITY,
  shard_no        integer NOT NULL,
  budget_no       bigint  NOT NULL,
  amount_micros   bigint  NOT NULL CHECK (amount_micros BETWEEN 1 AND 9007199254740991),
  currency        text    NOT NULL,
  expires_in_ms   bigint  NOT NULL CHECK (expires_in_ms > 0),
  grace_ms        bigint  NOT NULL CHECK (grace_ms >= 0),
  purpose         text,
  reference       text,
  is_approved     boolean NOT NULL,
  reason          text    NOT NULL,
  denial          text,
  decided_ms      bigint  NOT NULL,
  release_ms      bigint  NOT NULL,
  state           text    NOT NULL CHECK (state IN ('held', 'captured', 'voided', 'expired', 'denied')),
  captured_micros bigint  NOT NULL DEFAULT 0 CHECK (captured_micros BETWEEN 0 AND amount_micros),
  late_micros     bigint  NOT NULL DEFAULT 0 CHECK (late_micros >= 0),
  PRIMARY KEY (tenant, id),
  CHECK (is_approved = (state <> 'denied')),
  CHECK (release_ms = decided_ms + expires_in_ms + grace_ms),
  CHECK (state = 'captured' OR captured_micros = 0)
) WITH (fillfactor = 80);
CREATE INDEX holds_release ON holds (shard_no, release_ms) WHERE state = 'held';
CREATE INDEX holds_budget ON holds (budget_no, hold_no);

CREATE TABLE settlements (
  tenant          text    NOT NULL,
  hold_id         text    NOT NULL,
  settlement_id   text    NOT NULL CHECK (length(settlement_id) BETWEEN 1 AND 160),
  action          text    NOT NULL CHECK (action IN ('capture', 'void')),
  amount_micros   bigint  NOT NULL CHECK (amount_micros >= 0),
  outcome         text    NOT NULL CHECK (outcome IN ('captured', 'voided', 'late_spend', 'already_settled')),
  captured_micros bigint  NOT NULL CHECK (captured_micros >= 0),
  late_micros     bigint  NOT NULL CHECK (late_micros >= 0),
  -- The hold right after this settlement: a replay answers from here.
  state_after          text   NOT NULL,
  captured_after_micros bigint NOT NULL,
  late_after_micros     bigint NOT NULL,
  settled_ms      bigint  NOT NULL,
  PRIMARY KEY (tenant, hold_id, settlement_id),
  FOREIGN KEY (tenant, hold_id) REFERENCES holds (tenant, id)
);

CREATE TABLE breaches (
  tenant        text   NOT NULL,
  breach_no     bigint GENERATED ALWAYS AS IDENTITY,
  budget_no     bigint NOT NULL REFERENCES budgets (budget_no),
  cap_no        bigint NOT NULL,
  cap_id        text   NOT NULL,
  hold_id       text   NOT NULL,
  settlement_id text   NOT NULL,
  late_micros   bigint NOT NULL CHECK (late_micros > 0),
  over_micros   bigint NOT NULL CHECK (over_micros > 0),
  opened_ms     bigint NOT NULL,
  closed_ms     bigint,
  PRIMARY KEY (tenant, breach_no),
  UNIQUE (tenant, hold_id, settlement_id)
);
CREATE INDEX breaches_budget ON breaches (budget_no) WHERE closed_ms IS NULL;

-- One row per tenant: the length of its audit log. Taking it is the last lock of every transaction.
CREATE TABLE audit_heads (
  tenant   text   NOT NULL PRIMARY KEY,
  next_seq bigint NOT NULL CHECK (next_seq >= 0)
) WITH (fillfactor = 50);

-- Audit records of one transaction, packed: canonical JSON, one per line, sequence numbers first_seq, first_seq+1, …
CREATE TABLE audit_bundles (
  tenant    text    NOT NULL,
  first_seq bigint  NOT NULL CHECK (first_seq >= 0),
  count     integer NOT NULL CHECK (count > 0),
  records   text    NOT NULL,
  PRIMARY KEY (tenant, first_seq)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_bundles_append_only BEFORE UPDATE OR DELETE ON audit_bundles
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_bundles_no_truncate BEFORE TRUNCATE ON audit_bundles
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
