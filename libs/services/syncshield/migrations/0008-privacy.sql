-- Requests of data subjects, legal holds, retention. No row names anybody: identifiers are HMACs under the
-- pepper of the key store, what a request needs to know is sealed by a key of its own that goes when the request ends.

-- A repetition of such a hold is not compared by its purpose, reference and context: they were taken out since.
ALTER TABLE holds ADD COLUMN is_redacted boolean NOT NULL DEFAULT false;

CREATE TABLE privacy_requests (
  tenant              text    NOT NULL,
  id                  text    NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
  request_no          bigint  GENERATED ALWAYS AS IDENTITY UNIQUE,
  kind                text    NOT NULL CHECK (kind IN ('access', 'erase', 'rectify', 'opt_out')),
  regime              text    NOT NULL CHECK (regime IN ('gdpr', 'ccpa')),
  state               text    NOT NULL CHECK (state IN ('received', 'verified', 'running', 'completed', 'rejected', 'cancelled')),
  -- HMAC of the creating body: the same id with another one is a conflict.
  creation_digest     text    NOT NULL,
  customer_digest     text,
  email_digest        text,
  -- Customer ids, address, changes, reference of the verification.
  sealed              text    NOT NULL,
  verification_method text,
  is_suppressing      boolean NOT NULL,
  created_by          text    NOT NULL,
  received_ms         bigint  NOT NULL,
  due_ms              bigint  NOT NULL CHECK (due_ms > received_ms),
  verified_ms         bigint,
  extended_ms         bigint,
  extension_reason    text,
  finished_ms         bigint,
  -- Why it was rejected or cancelled.
  reason              text,
  audit_seq           bigint  NOT NULL,
  attempts            integer NOT NULL DEFAULT 0,
  next_attempt_ms     bigint  NOT NULL,
  -- Until when one process has it.
  lease_until_ms      bigint  NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant, id),
  CHECK ((customer_digest IS NOT NULL) OR (email_digest IS NOT NULL)),
  CHECK ((finished_ms IS NOT NULL) = (state IN ('completed', 'rejected', 'cancelled'))),
  CHECK ((extended_ms IS NULL) = (extension_reason IS NULL))
);
CREATE INDEX privacy_requests_due ON privacy_requests (next_attempt_ms) WHERE state IN ('verified', 'running');
CREATE INDEX privacy_requests_by_subject ON privacy_requests (tenant, customer_digest);

-- One row per service: its receipt proves what it did.
CREATE TABLE privacy_steps (
  tenant       text    NOT NULL,
  request_id   text    NOT NULL,
  service      text    NOT NULL CHECK (service IN ('syncengage', 'syncflow', 'synccreate', 'syncvalue', 'syncshield')),
  attempts     integer NOT NULL DEFAULT 0,
  last_error   text,
  tried_ms     bigint,
  receipt      text,
  confirmed_ms bigint,
  PRIMARY KEY (tenant, request_id, service),
  FOREIGN KEY (tenant, request_id) REFERENCES privacy_requests (tenant, id),
  CHECK ((receipt IS NULL) = (confirmed_ms IS NULL))
);

-- Exports, sealed by the request's key; gone after their time.
CREATE TABLE privacy_exports (
  tenant     text   NOT NULL,
  request_id text   NOT NULL,
  service    text   NOT NULL,
  sealed     text   NOT NULL,
  PRIMARY KEY (tenant, request_id, service),
  FOREIGN KEY (tenant, request_id) REFERENCES privacy_requests (tenant, id)
);

CREATE TABLE legal_holds (
  tenant          text   NOT NULL,
  id              text   NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
  customer_digest text   NOT NULL,
  matter          text   NOT NULL,
  placed_by       text   NOT NULL,
  placed_ms       bigint NOT NULL,
  released_by     text,
  released_ms     bigint,
  PRIMARY KEY (tenant, id),
  CHECK ((released_by IS NULL) = (released_ms IS NULL))
);
CREATE INDEX legal_holds_active ON legal_holds (tenant, customer_digest) WHERE released_ms IS NULL;

-- Days that a category is kept, where a tenant wants other than the default.
CREATE TABLE retention_rules (
  tenant     text    NOT NULL,
  category   text    NOT NULL,
  keep_days  integer NOT NULL CHECK (keep_days BETWEEN 1 AND 36500),
  changed_by text    NOT NULL,
  changed_ms bigint  NOT NULL,
  PRIMARY KEY (tenant, category)
);

CREATE TABLE retention_runs (
  tenant    text    NOT NULL,
  run_no    bigint  GENERATED ALWAYS AS IDENTITY,
  category  text    NOT NULL,
  keep_days integer NOT NULL,
  cutoff_ms bigint  NOT NULL,
  rows      bigint  NOT NULL CHECK (rows >= 0),
  ran_ms    bigint  NOT NULL,
  PRIMARY KEY (tenant, run_no)
);
