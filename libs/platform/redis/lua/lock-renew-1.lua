-- Extends a lease, only for its owner.
-- Input:
--   KEYS[1] the lock
--   ARGV[1] owner
--   ARGV[2] lease in milliseconds
-- Output:
--   1 when extended, 0 when the lock is lost
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
