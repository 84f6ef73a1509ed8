-- Gives a lock back, only for its owner.
-- Input:
--   KEYS[1] the lock
--   ARGV[1] owner
-- Output:
--   1 when released, 0 when it was lost before
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
