#!lua flags=allow-oom
-- Forgets a value of the cache.
-- Input:
--   KEYS[1] instants: sorted set, key -> its end in milliseconds
--   KEYS[2] sizes: hash, key -> bytes, and '' -> bytes in all
--   ARGV[1] prefix of the values
--   ARGV[2] key
-- Output:
--   1 when there was one, else 0
local size = redis.call('HGET', KEYS[2], ARGV[2])
if size then
  redis.call('HDEL', KEYS[2], ARGV[2])
  redis.call('HINCRBY', KEYS[2], '', -size)
end
redis.call('ZREM', KEYS[1], ARGV[2])
if redis.call('ZCARD', KEYS[1]) == 0 then redis.call('DEL', KEYS[2]) end
return redis.call('DEL', ARGV[1] .. ARGV[2])
