-- The newest bucket of a sliding window is kept in its live row (slot -1), so that most decisions write one row of it. The
-- bucket's own row is written when a newer one begins; until then what the live row says of it counts. -1 is none.
ALTER TABLE cap_counters
  ADD COLUMN tail_mark  bigint NOT NULL DEFAULT -1,
  ADD COLUMN tail_spent bigint NOT NULL DEFAULT 0,
  ADD COLUMN tail_held  bigint NOT NULL DEFAULT 0;
