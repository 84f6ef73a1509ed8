-- Cache, limits and locks of one service where no Redis is configured. Applied to a schema of its own, `<service>_shared`.

-- A cache may be lost: unlogged, emptied by a crash of the server.
CREATE UNLOGGED TABLE cache (
  key        text PRIMARY KEY,
  value      text NOT NULL,
  bytes      integer NOT NULL CHECK (bytes >= 0),
  expires_at timestamptz NOT NULL
);
CREATE INDEX cache_expiry ON cache (expires_at);

-- GCRA buckets: level in microrequests at at_us (microseconds of the server's clock). Losing them forgives one burst.
CREATE UNLOGGED TABLE rate_limit (
  key         text PRIMARY KEY,
  level_micro double precision NOT NULL,
  at_us       bigint NOT NULL,
  dry_at_us   bigint NOT NULL,
  is_allowed  boolean NOT NULL
);
CREATE INDEX rate_limit_dry ON rate_limit (dry_at_us);

-- Locks are logged and their rows are never deleted: the fence must grow for ever.
CREATE TABLE lock (
  name       text PRIMARY KEY,
  fence      bigint NOT NULL,
  owner      uuid,
  expires_at timestamptz NOT NULL
);
