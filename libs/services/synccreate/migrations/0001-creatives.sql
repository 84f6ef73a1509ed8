-- Jobs: what was asked for, who pays, how it ended.
CREATE TABLE jobs (
  tenant        text        NOT NULL,
  id            uuid        NOT NULL,
  kind          text        NOT NULL CHECK (kind IN ('generate', 'validate')),
  status        text        NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed', 'denied')),
  request       jsonb       NOT NULL,
  validation    jsonb,
  error         jsonb,
  hold_id       text,
  budget_id     text,
  hold_micros   bigint,
  hold_currency text,
  hold_state    text        CHECK (hold_state IN ('asked', 'held', 'denied', 'captured', 'voided')),
  hold_reason   text,
  created_at    timestamptz NOT NULL,
  touched_at    timestamptz NOT NULL,
  finished_at   timestamptz,
  PRIMARY KEY (tenant, id)
);
-- The sweeper's three questions: unpaid, lost, old.
CREATE INDEX jobs_unsettled ON jobs (finished_at) WHERE finished_at IS NOT NULL AND hold_state IN ('asked', 'held');
CREATE INDEX jobs_unfinished ON jobs (touched_at) WHERE finished_at IS NULL;
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- Creatives: the row beside the stored file. The id is a UUID of version 7: its order is the order of time.
CREATE TABLE creatives (
  tenant          text        NOT NULL,
  id              uuid        NOT NULL,
  job_id          uuid        NOT NULL,
  strategy        text        NOT NULL,
  platform        text        NOT NULL,
  width           integer     NOT NULL,
  height          integer     NOT NULL,
  bytes           integer     NOT NULL,
  content_type    text        NOT NULL,
  sha256          text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  perceptual_hash text        NOT NULL CHECK (perceptual_hash ~ '^[0-9a-f]{16}$'),
  is_passed       boolean     NOT NULL,
  -- Check results, texts, layout, provenance and attention, as the code keeps them.
  details         jsonb       NOT NULL,
  created_at      timestamptz NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, job_id, strategy)
);
CREATE INDEX creatives_by_file ON creatives (tenant, sha256, id);
