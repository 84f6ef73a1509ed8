-- The jobs that head their line: the next of the plain line, and the first of each priority.
-- Input:
--   KEYS[1] wait list (newest left, next right)
--   KEYS[2] prioritized set (score = priority * 2^32 + counter)
-- Output:
--   ids, at most 1 + 256
local heads = {}
local nextPlain = redis.call('LINDEX', KEYS[1], -1)
if nextPlain then
  heads[1] = nextPlain
end
local from = '-inf'
for _ = 1, 256 do
  local first = redis.call('ZRANGE', KEYS[2], from, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
  if not first[1] then
    break
  end
  heads[#heads + 1] = first[1]
  from = string.format('%.0f', (math.floor(tonumber(first[2]) / 4294967296) + 1) * 4294967296)
end
return heads
