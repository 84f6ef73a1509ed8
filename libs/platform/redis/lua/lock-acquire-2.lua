-- Takes a lock if nobody holds it.
-- Input:
--   KEYS[1] the lock: string, its owner
--   KEYS[2] the last fence given out under this prefix: string
--   ARGV[1] owner
--   ARGV[2] lease in milliseconds
-- Output:
--   the fence as a string, or false when somebody else holds the lock
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return false
end
-- At least the server's microseconds: a fence grows even when Redis lost its last second of writes, or all of them.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local fence = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, now)
local text = string.format('%.0f', fence)
redis.call('SET', KEYS[2], text)
return text
