-- The consent registry. Subjects are pseudonyms under a key per subject (schema of the key store), so that nothing here
-- names a person once the key is destroyed. Instants are milliseconds since the epoch on the clock of this server.

-- One row per tenant, locked by every write: sequence numbers are dense and appear in the order of commit.
CREATE TABLE consent_heads (
  tenant           text    NOT NULL PRIMARY KEY,
  last_seq         bigint  NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
  -- The settings in force; 0 are those that the installation starts with.
  settings_version integer NOT NULL DEFAULT 0 CHECK (settings_version >= 0),
  -- The latest instant something was recorded at; the next one is never earlier.
  clock_ms         bigint  NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Every version of a tenant's settings, canonical JSON.
CREATE TABLE consent_settings (
  tenant     text    NOT NULL,
  version    integer NOT NULL CHECK (version > 0),
  seq        bigint  NOT NULL,
  document   text    NOT NULL,
  created_by text    NOT NULL,
  created_ms bigint  NOT NULL,
  PRIMARY KEY (tenant, version),
  UNIQUE (tenant, seq)
);

-- What somebody said: `*` is any; vendor '' is the tenant itself.
CREATE TABLE consent_records (
  tenant         text   NOT NULL,
  seq            bigint NOT NULL,
  id             text   NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
  subject        text   NOT NULL,
  purpose        text   NOT NULL,
  channel        text   NOT NULL,
  vendor         text   NOT NULL,
  action         text   NOT NULL CHECK (action IN ('granted', 'withdrawn', 'objected')),
  source         text   NOT NULL,
  notice_version text,
  notice_sha256  text   CHECK (notice_sha256 ~ '^[0-9a-f]{64}$'),
  region         text,
  -- Encrypted under the subject's key.
  sealed_proof   text,
  proof_kind     text   CHECK ((proof_kind IS NULL) = (sealed_proof IS NULL)),
  at_ms          bigint NOT NULL,
  expires_ms     bigint,
  recorded_ms    bigint NOT NULL,
  recorded_by    text   NOT NULL,
  -- SHA-256 of the request: the same id with another one is a conflict.
  request_sha256 text   NOT NULL,
  audit_seq      bigint NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, seq),
  CHECK (purpose <> '*' OR action <> 'granted'),
  CHECK (at_ms <= recorded_ms)
);
CREATE INDEX consent_records_by_subject ON consent_records (tenant, subject, seq);

CREATE TRIGGER consent_records_append_only BEFORE UPDATE OR DELETE ON consent_records
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consent_records_no_truncate BEFORE TRUNCATE ON consent_records
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consent_settings_append_only BEFORE UPDATE OR DELETE ON consent_settings
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consent_settings_no_truncate BEFORE TRUNCATE ON consent_settings
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The newest record of each scope of a subject, derived: a check reads this, however long the history is.
CREATE TABLE consent_states (
  tenant         text    NOT NULL,
  subject        text    NOT NULL,
  purpose        text    NOT NULL,
  channel        text    NOT NULL,
  vendor         text    NOT NULL,
  seq            bigint  NOT NULL,
  record_id      text    NOT NULL,
  action         text    NOT NULL,
  is_refusal     boolean NOT NULL GENERATED ALWAYS AS (action <> 'granted') STORED,
  at_ms          bigint  NOT NULL,
  expires_ms     bigint,
  notice_version text,
  -- The last one that was known; a record without one keeps it.
  region         text,
  PRIMARY KEY (tenant, subject, purpose, channel, vendor)
) WITH (fillfactor = 70);
