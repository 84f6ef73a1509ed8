-- What leaves the ledger: events and their delivery, what platforms report, plans, samples of spend.

-- Shares of a limit whose crossing is told, percent; no row: 50, 80, 90, 100.
CREATE TABLE budget_thresholds (
  tenant    text       NOT NULL,
  budget_no bigint     NOT NULL PRIMARY KEY REFERENCES budgets (budget_no),
  percents  smallint[] NOT NULL
);

-- What was told once: a threshold of a cap in one slot at one limit; percent 0 is a breach of the budget on the cap.
CREATE TABLE threshold_marks (
  tenant       text     NOT NULL,
  budget_no    bigint   NOT NULL,
  cap_no       bigint   NOT NULL,
  slot         bigint   NOT NULL,
  percent      smallint NOT NULL CHECK (percent BETWEEN 0 AND 1000),
  limit_amount bigint   NOT NULL,
  -- When the slot is over; null: never.
  ends_ms      bigint,
  PRIMARY KEY (tenant, budget_no, cap_no, slot, percent, limit_amount)
);
CREATE INDEX threshold_marks_ended ON threshold_marks (ends_ms) WHERE ends_ms IS NOT NULL;

-- One row per tenant: the number of its next event. Taken after everything but the audit head, so that numbers are
-- committed in their order and a reader of the feed misses none.
CREATE TABLE event_heads (
  tenant   text   NOT NULL PRIMARY KEY,
  next_seq bigint NOT NULL CHECK (next_seq > 0)
) WITH (fillfactor = 50);

CREATE TABLE events (
  tenant    text   NOT NULL,
  seq       bigint NOT NULL,
  type      text   NOT NULL,
  -- The budget it is about; null: the tenant.
  budget_id text,
  at_ms     bigint NOT NULL,
  -- JSON, money as integers.
  data      text   NOT NULL,
  PRIMARY KEY (tenant, seq)
);
CREATE INDEX events_at ON events (at_ms);
CREATE TRIGGER events_stay BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE webhooks (
  tenant          text    NOT NULL,
  id              text    NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
  url             text    NOT NULL,
  -- Which events it wants; null: all.
  types           text[],
  budget_ids      text[],
  -- The secret is derived from the root secret and this number; it is stored nowhere.
  secret_version  integer NOT NULL CHECK (secret_version > 0),
  -- Until when the secret before it signs too.
  rotated_ms      bigint,
  is_enabled      boolean NOT NULL,
  disabled_reason text,
  -- Attempts that failed since the last that did not.
  failures        integer NOT NULL DEFAULT 0,
  creation        text    NOT NULL,
  created_ms      bigint  NOT NULL,
  PRIMARY KEY (tenant, id)
);

-- One event on its way to one receiver; `webhook_id` "$queue" is the queue that SyncFlow works on.
CREATE TABLE deliveries (
  tenant       text    NOT NULL,
  webhook_id   text    NOT NULL,
  seq          bigint  NOT NULL,
  budget_id    text,
  state        text    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
  attempts     integer NOT NULL DEFAULT 0,
  -- When it is tried (again). Whoever tries moves it on first: after a crash somebody else does.
  due_ms       bigint  NOT NULL,
  last_status  integer,
  last_error   text,
  settled_ms   bigint,
  PRIMARY KEY (tenant, webhook_id, seq),
  FOREIGN KEY (tenant, seq) REFERENCES events (tenant, seq) ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX deliveries_due ON deliveries (due_ms) WHERE state = 'pending';
CREATE INDEX deliveries_of_event ON deliveries (tenant, seq);

-- What a platform reports is cumulative per key: source, account, campaign and interval of a budget.
CREATE TABLE external_keys (
  key_no          bigint  GENERATED ALWAYS AS IDENTITY,
  tenant          text    NOT NULL,
  budget_no       bigint  NOT NULL REFERENCES budgets (budget_no),
  source          text    NOT NULL,
  account         text    NOT NULL,
  campaign_ref    text    NOT NULL,
  from_ms         bigint  NOT NULL,
  to_ms           bigint  NOT NULL CHECK (to_ms > from_ms),
  -- As it was named: the local date and its zone; null of an interval.
  day             date,
  time_zone       text,
  currency        text    NOT NULL,
  -- The instant whose days and windows it counts in: the same for every version.
  counted_ms      bigint  NOT NULL,
  version         bigint  NOT NULL,
  amount_micros   bigint  NOT NULL CHECK (amount_micros >= 0),
  is_covered      boolean NOT NULL,
  -- What of it counts in the ledger: the amount, or nothing when holds have counted the same money.
  counted_micros  bigint  NOT NULL CHECK (counted_micros >= 0),
  reports         integer NOT NULL,
  first_ms        bigint  NOT NULL,
  reported_ms     bigint  NOT NULL,
  PRIMARY KEY (tenant, budget_no, source, account, campaign_ref, from_ms, to_ms)
);
CREATE UNIQUE INDEX external_keys_list ON external_keys (budget_no, key_no);

-- Every version that was taken, with what it changed. `is_applied` false: its entry is not known to be recorded yet.
CREATE TABLE external_reports (
  tenant        text    NOT NULL,
  budget_no     bigint  NOT NULL,
  key_no        bigint  NOT NULL,
  version       bigint  NOT NULL,
  amount_micros bigint  NOT NULL,
  is_covered    boolean NOT NULL,
  delta_micros  bigint  NOT NULL,
  actor         text    NOT NULL,
  taken_ms      bigint  NOT NULL,
  is_applied    boolean NOT NULL,
  PRIMARY KEY (tenant, key_no, version)
);
CREATE INDEX external_reports_open ON external_reports (taken_ms) WHERE NOT is_applied;

-- How much should be spent when, within a window of one cap.
CREATE TABLE budget_plans (
  tenant     text    NOT NULL,
  budget_no  bigint  NOT NULL PRIMARY KEY REFERENCES budgets (budget_no),
  cap_id     text    NOT NULL,
  -- Shares of equal parts of the window; null: even.
  weights    integer[],
  -- Of a cap without a window of its own.
  from_ms    bigint,
  to_ms      bigint  CHECK (to_ms > from_ms),
  set_ms     bigint  NOT NULL,
  CHECK ((from_ms IS NULL) = (to_ms IS NULL))
);

-- What the meter of a budget stood at; written only when it has moved.
CREATE TABLE spend_samples (
  budget_no    bigint NOT NULL,
  at_ms        bigint NOT NULL,
  spent_micros bigint NOT NULL,
  PRIMARY KEY (budget_no, at_ms)
);
CREATE INDEX spend_samples_at ON spend_samples (at_ms);

-- What was spent before anything was noted was spent before: it is no rate of now.
INSERT INTO spend_samples (budget_no, at_ms, spent_micros)
SELECT c.budget_no, 0, k.spent
  FROM caps c JOIN cap_counters k ON k.tenant = c.tenant AND k.cap_no = c.cap_no AND k.slot = 0
 WHERE c.kind = 'meter' AND k.spent <> 0;

-- Statements sum by time of booking; both tables grow in that order, so this costs a write next to nothing.
CREATE INDEX settlements_booked ON settlements USING brin (settled_ms) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX entries_booked ON entries USING brin (recorded_ms) WITH (pages_per_range = 16, autosummarize = on);
