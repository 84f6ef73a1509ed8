-- Caps of every kind, settlements in parts, refunds, and entries without a hold. Amounts of a cap and of its counters
-- are in the measure of the cap: micros, or approved holds ("actions").

-- Checks of the first migration that no longer hold; they had no names of their own.
DO $$
DECLARE
  old record;
BEGIN
  FOR old IN
    SELECT conrelid::regclass AS of_table, conname FROM pg_constraint
     WHERE contype = 'c' AND connamespace = current_schema()::regnamespace
       AND (conrelid IN ('caps'::regclass, 'settlements'::regclass)
            OR (conrelid = 'holds'::regclass AND pg_get_constraintdef(oid) LIKE '%captured_micros = 0%'))
  LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', old.of_table, old.conname);
  END LOOP;
END $$;

ALTER TABLE shards
  -- Who may write: a process that was paused finds another epoch and fails.
  ADD COLUMN epoch bigint NOT NULL DEFAULT 0,
  -- Grows with every write to the shard: what a process keeps of it is good as long as this has not moved.
  ADD COLUMN state_seq bigint NOT NULL DEFAULT 0;

ALTER TABLE budgets ADD COLUMN pauses_on_external boolean NOT NULL DEFAULT false;

ALTER TABLE caps RENAME COLUMN limit_micros TO limit_amount;
ALTER TABLE caps
  ADD COLUMN measure text NOT NULL DEFAULT 'micros' CHECK (measure IN ('micros', 'actions')),
  ADD COLUMN burst bigint,
  ADD COLUMN flex_percent integer,
  ADD CONSTRAINT caps_kind CHECK (kind IN ('meter', 'total', 'calendar_day', 'calendar_week', 'calendar_month',
                                           'sliding_window', 'rate')),
  ADD CONSTRAINT caps_limit CHECK (limit_amount BETWEEN 0 AND 9007199254740991),
  ADD CONSTRAINT caps_time_zone CHECK ((time_zone IS NOT NULL) = (kind LIKE 'calendar%')),
  ADD CONSTRAINT caps_window CHECK ((window_ms IS NOT NULL) = (kind IN ('sliding_window', 'rate'))),
  ADD CONSTRAINT caps_burst CHECK ((burst IS NOT NULL) = (kind = 'rate')
                                   AND burst BETWEEN 0 AND 9007199254740991),
  ADD CONSTRAINT caps_flex CHECK (flex_percent IS NULL OR (kind = 'calendar_day' AND measure = 'micros'
                                                           AND flex_percent BETWEEN 100 AND 1000));

-- One row per slot: total and meter have slot 0; a calendar the number of its day, week or month; a sliding window the
-- places of its ring of buckets, used again as buckets leave it, and in slot -1 the sum over its live buckets; a rate
-- what is used of its burst in slot 0.
ALTER TABLE cap_counters RENAME COLUMN spent_micros TO spent;
ALTER TABLE cap_counters RENAME COLUMN held_micros TO held;
ALTER TABLE cap_counters RENAME COLUMN limit_micros TO limit_amount;
ALTER TABLE cap_counters RENAME COLUMN excess_micros TO excess;
ALTER TABLE cap_counters
  -- Of a bucket its number; of a live row the first bucket it covers; of a rate the instant of `spent`, ms.
  ADD COLUMN mark bigint NOT NULL DEFAULT 0,
  -- Of a rate what `spent` leaves over, in 1/window_ms.
  ADD COLUMN part bigint NOT NULL DEFAULT 0 CHECK (part >= 0);

ALTER TABLE holds
  -- What was asked for, and the least that was worth it; only of elastic holds.
  ADD COLUMN requested_micros bigint CHECK (requested_micros >= amount_micros),
  ADD COLUMN at_least_micros  bigint CHECK (at_least_micros BETWEEN 1 AND amount_micros),
  ADD COLUMN headroom_divisor integer CHECK (headroom_divisor >= 1),
  -- What policies judged by, canonical JSON.
  ADD COLUMN context          text,
  ADD COLUMN refunded_micros  bigint NOT NULL DEFAULT 0,
  ADD CONSTRAINT holds_refunded CHECK (refunded_micros BETWEEN 0 AND captured_micros + late_micros),
  ADD CONSTRAINT holds_denied CHECK (state <> 'denied' OR captured_micros = 0),
  ADD CONSTRAINT holds_elastic CHECK ((requested_micros IS NULL) = (at_least_micros IS NULL)
                                      AND (requested_micros IS NULL) = (headroom_divisor IS NULL));

ALTER TABLE settlements
  ADD COLUMN is_final              boolean NOT NULL DEFAULT true,
  ADD COLUMN refunded_micros       bigint NOT NULL DEFAULT 0 CHECK (refunded_micros >= 0),
  ADD COLUMN refunded_after_micros bigint NOT NULL DEFAULT 0 CHECK (refunded_after_micros >= 0),
  ADD CONSTRAINT settlements_id CHECK (length(settlement_id) BETWEEN 1 AND 160),
  ADD CONSTRAINT settlements_action CHECK (action IN ('capture', 'void', 'refund')),
  ADD CONSTRAINT settlements_outcome CHECK (outcome IN ('captured', 'voided', 'late_spend', 'refunded',
                                                        'already_settled')),
  ADD CONSTRAINT settlements_amounts CHECK (amount_micros >= 0 AND captured_micros >= 0 AND late_micros >= 0);

CREATE TABLE entries (
  tenant        text    NOT NULL,
  entry_id      text    NOT NULL CHECK (length(entry_id) BETWEEN 1 AND 160),
  entry_no      bigint  GENERATED ALWAYS AS IDENTITY,
  shard_no      integer NOT NULL,
  budget_no     bigint  NOT NULL REFERENCES budgets (budget_no),
  -- Negative when money came back.
  amount_micros bigint  NOT NULL CHECK (amount_micros BETWEEN -9007199254740991 AND 9007199254740991),
  currency      text    NOT NULL,
  source        text    NOT NULL CHECK (source IN ('external', 'correction')),
  -- As it was asked for; null: the instant of recording.
  at_ms         bigint,
  -- The instant whose days and windows it counts in.
  counted_ms    bigint  NOT NULL,
  recorded_ms   bigint  NOT NULL CHECK (recorded_ms >= counted_ms),
  over_micros   bigint  NOT NULL CHECK (over_micros >= 0),
  is_pausing    boolean NOT NULL,
  PRIMARY KEY (tenant, entry_id)
);
CREATE INDEX entries_budget ON entries (budget_no, entry_no);
CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE ON entries
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_no_truncate BEFORE TRUNCATE ON entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A breach comes from late spend of a hold or from an entry.
ALTER TABLE breaches
  ALTER COLUMN hold_id DROP NOT NULL,
  ALTER COLUMN settlement_id DROP NOT NULL,
  ADD COLUMN entry_id   text,
  ADD COLUMN is_pausing boolean NOT NULL DEFAULT true,
  ADD CONSTRAINT breaches_cause CHECK ((hold_id IS NULL) = (settlement_id IS NULL)
                                       AND (hold_id IS NULL) <> (entry_id IS NULL)),
  ADD CONSTRAINT breaches_entry UNIQUE (tenant, entry_id);

-- Sliding windows are counted anew from their holds: buckets lie in a ring now, and are as long as they may be to
-- reach back too far by at most 1/120 of the window (`ringOf` of cap-window.ts).
CREATE FUNCTION ring_of(window_ms bigint, OUT bucket_ms bigint, OUT size bigint) LANGUAGE plpgsql AS $$
DECLARE
  most bigint := 121;
BEGIN
  LOOP
    bucket_ms := window_ms * 121 / (120 * most);
    size := (window_ms - 1 + bucket_ms - 1) / bucket_ms + 1;
    EXIT WHEN size <= most;
    most := most + 1;
  END LOOP;
END $$;

DELETE FROM cap_counters USING caps c WHERE c.cap_no = cap_counters.cap_no AND c.kind = 'sliding_window';

WITH RECURSIVE windows AS (
  SELECT c.tenant, c.cap_no, c.limit_amount, c.budget_no, r.bucket_ms, r.size,
         s.clock_ms / r.bucket_ms - r.size + 1 AS first
    FROM caps c JOIN budgets b ON b.budget_no = c.budget_no JOIN shards s ON s.shard_no = b.shard_no
    CROSS JOIN LATERAL ring_of(c.window_ms) r
   WHERE c.kind = 'sliding_window'
), below AS (
  SELECT cap_no, budget_no FROM windows
  UNION ALL
  SELECT a.cap_no, b.budget_no FROM below a JOIN budgets b ON b.parent_no = a.budget_no
), buckets AS (
  SELECT w.tenant, w.cap_no, w.limit_amount, w.size, w.first, h.decided_ms / w.bucket_ms AS bucket,
         sum(h.captured_micros + h.late_micros)::bigint AS spent,
         sum(CASE WHEN h.state = 'held' THEN h.amount_micros ELSE 0 END)::bigint AS held
    FROM windows w JOIN below USING (cap_no) JOIN holds h ON h.budget_no = below.budget_no
   WHERE h.decided_ms / w.bucket_ms >= w.first
   GROUP BY w.tenant, w.cap_no, w.limit_amount, w.size, w.first, h.decided_ms / w.bucket_ms
), rows AS (
  SELECT tenant, cap_no, bucket % size AS slot, spent, held, limit_amount, bucket AS mark FROM buckets
  UNION ALL
  SELECT tenant, cap_no, -1, sum(spent)::bigint, sum(held)::bigint, limit_amount, first FROM buckets
   GROUP BY tenant, cap_no, limit_amount, first
)
INSERT INTO cap_counters (tenant, cap_no, slot, spent, held, limit_amount, excess, mark)
SELECT tenant, cap_no, slot, spent, held, limit_amount, greatest(0, spent + held - limit_amount), mark
  FROM rows WHERE spent + held > 0 OR slot = -1;

DROP FUNCTION ring_of(bigint);

-- What came back by an entry may be more than was spent in a slot: `spent` may be negative there, and a cap never has
-- more room than its limit.
ALTER TABLE cap_counters
  DROP CONSTRAINT cap_counters_never_above,
  ADD CONSTRAINT cap_counters_never_above CHECK (
    held >= 0 AND excess >= 0 AND spent + held <= limit_amount + excess
  );
