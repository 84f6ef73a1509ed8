-- What a batch locks and reads before it decides, in one call: its shards and what is in force for its tenants. Each
-- statement of a volatile function has a snapshot of its own, so what is read is from after the waits. Both lists come
-- sorted: everybody takes the locks in that order. Rows without `shard_no` are those of tenants.
CREATE FUNCTION open_shards(shard_nos integer[], tenants text[])
RETURNS TABLE (shard_no integer, tenant text, root_id text, version bigint, epoch bigint, state_seq bigint,
               clock_ms bigint, next_release_ms bigint, policy_version integer)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
  -- First key of the advisory locks of shards: SHARD_LOCKS.
  PERFORM pg_advisory_xact_lock(1802725476, n) FROM unnest(shard_nos) AS n;
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('kiki:shield:control:' || t, 0)) FROM unnest(tenants) AS t;
  RETURN QUERY
    SELECT s.shard_no, s.tenant, s.root_id, s.version, s.epoch, s.state_seq, s.clock_ms, s.next_release_ms,
           NULL::integer
      FROM shards s WHERE s.shard_no = ANY (shard_nos)
    UNION ALL
    SELECT NULL, c.tenant, NULL, c.version, NULL, NULL, NULL, NULL, c.policy_version
      FROM tenant_controls c WHERE c.tenant = ANY (tenants);
END $$;
