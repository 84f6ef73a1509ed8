-- A batch that decides on what its process has kept goes to the server as one statement, a transaction by itself: nobody
-- waits for the process while locks are held. What it has assumed is checked here, under the same locks as everybody's;
-- an assumption that does not hold undoes the statement (KS001), and the batch is decided anew on what is read.
CREATE FUNCTION assume_shards(lock_timeout_ms integer, shard_nos integer[], versions bigint[], state_seqs bigint[],
                              epochs bigint[], tenants text[], control_versions bigint[])
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  known bigint;
BEGIN
  PERFORM set_config('lock_timeout', lock_timeout_ms || 'ms', true);
  -- The locks of `open_shards`, in its order. What is read after them has a snapshot from after the waits.
  PERFORM pg_advisory_xact_lock(1802725476, n) FROM unnest(shard_nos) AS n;
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('kiki:shield:control:' || t, 0)) FROM unnest(tenants) AS t;
  SELECT count(*) INTO known
    FROM unnest(shard_nos, versions, state_seqs, epochs) AS k (shard_no, version, state_seq, epoch)
    JOIN shards s ON s.shard_no = k.shard_no AND s.version = k.version AND s.state_seq = k.state_seq
                 AND s.epoch = k.epoch;
  IF known <> cardinality(shard_nos) THEN
    RAISE EXCEPTION 'a shard has moved' USING ERRCODE = 'KS001';
  END IF;
  -- -1: nothing was ever in force for the tenant.
  PERFORM FROM unnest(tenants, control_versions) AS k (tenant, version)
     LEFT JOIN tenant_controls c ON c.tenant = k.tenant
    WHERE coalesce(c.version, -1) <> k.version;
  IF FOUND THEN
    RAISE EXCEPTION 'what is in force has changed' USING ERRCODE = 'KS001';
  END IF;
  RETURN true;
END $$;

-- Whether a batch has written what it should, at an instant that is not further from the clock than it may be.
CREATE FUNCTION check_assumed(counters_short bigint, shards_short bigint, late_ms bigint, max_late_ms bigint)
RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF counters_short <> 0 THEN
    RAISE EXCEPTION 'a counter has changed although its shard was locked' USING ERRCODE = 'KS002';
  END IF;
  IF shards_short <> 0 OR late_ms NOT BETWEEN -max_late_ms / 16 AND max_late_ms THEN
    RAISE EXCEPTION 'a shard or the clock has moved' USING ERRCODE = 'KS001';
  END IF;
  RETURN true;
END $$;
