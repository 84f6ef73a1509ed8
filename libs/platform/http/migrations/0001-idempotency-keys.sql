-- First answers of POSTs that carry an Idempotency-Key; kept for a day.
CREATE TABLE idempotency_keys (
  tenant         text        NOT NULL,
  route          text        NOT NULL,
  key            text        NOT NULL,
  -- Of the path, query and canonical body: another request under the same key is a conflict.
  request_sha256 bytea       NOT NULL,
  -- Whoever runs the request; a late first runner must not overwrite the answer of its successor.
  owner          uuid        NOT NULL,
  locked_until   timestamptz NOT NULL,
  -- Both null while the request runs.
  status         integer,
  body           text,
  created_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, route, key)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
