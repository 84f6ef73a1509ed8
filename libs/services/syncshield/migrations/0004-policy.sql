-- Policies, kill switches, four-eyes approvals, and what rules know beyond the hold they judge.

-- What is in force for a tenant. A batch takes the tenant's advisory lock shared and reads the version in a later
-- statement; a change takes it alone: once it is acknowledged no batch decides by what was before.
CREATE TABLE tenant_controls (
  tenant         text    NOT NULL PRIMARY KEY,
  -- Grows with every change of policy or kill switch: processes cache what they compiled by it.
  version        bigint  NOT NULL CHECK (version > 0),
  -- The policy in force; 0 is none.
  policy_version integer NOT NULL DEFAULT 0 CHECK (policy_version >= 0)
) WITH (fillfactor = 50);

-- Every version that ever was in force, canonical JSON.
CREATE TABLE policies (
  tenant        text    NOT NULL,
  version       integer NOT NULL CHECK (version > 0),
  document      text    NOT NULL,
  comment       text,
  created_by    text    NOT NULL,
  created_ms    bigint  NOT NULL,
  approval_id   text,
  PRIMARY KEY (tenant, version)
);
CREATE TRIGGER policies_append_only BEFORE UPDATE OR DELETE ON policies
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER policies_no_truncate BEFORE TRUNCATE ON policies
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- `budget_id` null stops the whole tenant, else the budget and everything below it.
CREATE TABLE kill_switches (
  tenant      text   NOT NULL,
  switch_no   bigint GENERATED ALWAYS AS IDENTITY,
  budget_id   text,
  reason      text   NOT NULL,
  set_by      text   NOT NULL,
  set_ms      bigint NOT NULL,
  lift_reason text,
  lifted_by   text,
  lifted_ms   bigint,
  PRIMARY KEY (tenant, switch_no),
  FOREIGN KEY (tenant, budget_id) REFERENCES budgets (tenant, id),
  CHECK ((lifted_ms IS NULL) = (lifted_by IS NULL))
);
CREATE UNIQUE INDEX kill_switches_active ON kill_switches (tenant, coalesce(budget_id, ''))
  WHERE lifted_ms IS NULL;

-- A change that waits for a second key. `change_before` is what it was asked on: it is applied on nothing else.
CREATE TABLE approvals (
  tenant        text   NOT NULL,
  approval_no   bigint GENERATED ALWAYS AS IDENTITY,
  action        text   NOT NULL,
  -- What is changed: a budget's id, a kill switch, or nothing where a tenant has one.
  target        text   NOT NULL,
  change_before text   NOT NULL,
  change_after  text   NOT NULL,
  state         text   NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'expired', 'outdated')),
  requested_by  text   NOT NULL,
  requested_ms  bigint NOT NULL,
  expires_ms    bigint NOT NULL,
  decided_by    text,
  decided_ms    bigint,
  decision_reason text,
  PRIMARY KEY (tenant, approval_no),
  CHECK ((state = 'pending') = (decided_ms IS NULL)),
  CHECK (state <> 'approved' OR decided_by <> requested_by)
);
CREATE INDEX approvals_pending ON approvals (expires_ms) WHERE state = 'pending';
CREATE UNIQUE INDEX approvals_same ON approvals (tenant, action, target, md5(change_after), requested_by)
  WHERE state = 'pending';

-- The policy that an approval or denial was judged by; null without one.
ALTER TABLE holds ADD COLUMN policy_version integer;
-- Holds are written in order of time: a range of time is a range of pages, at no cost to the writer.
CREATE INDEX holds_decided ON holds USING brin (decided_ms) WITH (pages_per_range = 32, autosummarize = on);

-- What was approved under a rule: in one bucket of time at a budget (`b<no>`), or of one new value (`v<value>`).
CREATE TABLE policy_counters (
  tenant  text   NOT NULL,
  rule_id text   NOT NULL,
  counted text   NOT NULL,
  bucket  bigint NOT NULL,
  micros  bigint NOT NULL CHECK (micros >= 0),
  PRIMARY KEY (tenant, rule_id, counted, bucket)
) WITH (fillfactor = 50);

-- Learned from the ledger: what was approved at a budget itself in one hour of UTC, and where reading goes on.
CREATE TABLE spend_hours (
  tenant          text    NOT NULL,
  budget_no       bigint  NOT NULL REFERENCES budgets (budget_no),
  hour            integer NOT NULL,
  approved_micros numeric NOT NULL,
  squares         numeric NOT NULL,
  PRIMARY KEY (tenant, budget_no, hour)
);
CREATE TABLE spend_marks (
  tenant    text   NOT NULL,
  budget_no bigint NOT NULL REFERENCES budgets (budget_no),
  hold_no   bigint NOT NULL,
  PRIMARY KEY (tenant, budget_no)
);
-- How a budget and everything below it spends, by hour of the week (168, Monday 00:00 UTC first).
CREATE TABLE spend_profiles (
  tenant          text     NOT NULL,
  budget_no       bigint   NOT NULL REFERENCES budgets (budget_no),
  micros_per_hour bigint[] NOT NULL CHECK (array_length(micros_per_hour, 1) = 168),
  lump_micros     bigint   NOT NULL CHECK (lump_micros >= 0),
  hours           integer  NOT NULL CHECK (hours > 0),
  learned_ms      bigint   NOT NULL,
  PRIMARY KEY (tenant, budget_no)
);

-- What a budget's meter showed when an hour began (or was first looked at): differences are the spend of a window.
CREATE TABLE meter_hours (
  tenant       text    NOT NULL,
  budget_no    bigint  NOT NULL REFERENCES budgets (budget_no),
  hour         integer NOT NULL,
  spent_micros bigint  NOT NULL,
  PRIMARY KEY (tenant, budget_no, hour)
);

-- Acquisitions that callers reported, and their sums at the budget and every one above it.
CREATE TABLE acquisitions (
  tenant      text    NOT NULL,
  id          text    NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
  budget_no   bigint  NOT NULL REFERENCES budgets (budget_no),
  count       integer NOT NULL CHECK (count BETWEEN 1 AND 1000000),
  at_ms       bigint  NOT NULL,
  recorded_ms bigint  NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE TABLE acquisition_hours (
  tenant    text    NOT NULL,
  budget_no bigint  NOT NULL REFERENCES budgets (budget_no),
  hour      integer NOT NULL,
  count     bigint  NOT NULL CHECK (count > 0),
  PRIMARY KEY (tenant, budget_no, hour)
);
