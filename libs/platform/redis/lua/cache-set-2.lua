#!lua
-- Keeps a value and lets others go until all fit into the byte budget: what is over first, then what is over soonest.
-- Values lie under <prefix><key>; the two keys of the books vanish by themselves when the last value has.
-- The first line makes Redis refuse the whole step when its memory is full.
-- Input:
--   KEYS[1] instants: sorted set, key -> its end in milliseconds
--   KEYS[2] sizes: hash, key -> bytes, and '' -> bytes in all
--   ARGV[1] prefix of the values
--   ARGV[2] key
--   ARGV[3] value
--   ARGV[4] time to live in milliseconds
--   ARGV[5] bytes of key and value
--   ARGV[6] budget in bytes
-- Output:
--   bytes in all
local prefix, key, ttl = ARGV[1], ARGV[2], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
-- A server that evicts may have taken one of the two: then they start anew.
if redis.call('EXISTS', KEYS[1]) ~= redis.call('EXISTS', KEYS[2]) then
  redis.call('DEL', KEYS[1], KEYS[2])
end
local function forget(name)
  local size = redis.call('HGET', KEYS[2], name)
  redis.call('ZREM', KEYS[1], name)
  redis.call('HDEL', KEYS[2], name)
  redis.call('DEL', prefix .. name)
  if size then redis.call('HINCRBY', KEYS[2], '', -size) end
end
forget(key)
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)) do
  forget(name)
end
redis.call('SET', prefix .. key, ARGV[3], 'PX', ttl)
redis.call('ZADD', KEYS[1], now + ttl, key)
redis.call('HSET', KEYS[2], key, ARGV[5])
local total = redis.call('HINCRBY', KEYS[2], '', ARGV[5])
while total > tonumber(ARGV[6]) do
  forget(redis.call('ZRANGE', KEYS[1], 0, 0)[1])
  total = tonumber(redis.call('HGET', KEYS[2], ''))
end
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
for _, name in ipairs(KEYS) do
  if last then redis.call('PEXPIREAT', name, string.format('%.0f', tonumber(last) + 1000)) end
end
return total
