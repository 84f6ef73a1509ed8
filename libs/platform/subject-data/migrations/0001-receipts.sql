-- What a service did for requests of data subjects; no personal data. Applied to a schema of its own, `<service>_privacy`.
CREATE TABLE receipts (
  tenant       text        NOT NULL,
  request_id   text        NOT NULL,
  action       text        NOT NULL,
  -- Rows by store, written in the transaction that changed them: a repetition after a crash keeps the first numbers.
  counts       jsonb       NOT NULL,
  applied_at   timestamptz NOT NULL,
  -- The receipt as it was answered; null until the bytes are gone too.
  receipt      text,
  PRIMARY KEY (tenant, request_id, action)
);
