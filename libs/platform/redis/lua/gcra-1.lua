-- GCRA as a leaky bucket, one atomic step. The same arithmetic as src/gcra.ts.
-- Input:
--   KEYS[1] the bucket: hash { l = level in microrequests, t = microseconds }
--   ARGV[1] rate, requests per second
--   ARGV[2] burst, requests
--   ARGV[3] cost, requests
-- Output:
--   { allowed 1|0, level after the step in microrequests as a string }
local rate = tonumber(ARGV[1])
local burst = tonumber(ARGV[2]) * 1000000
local cost = tonumber(ARGV[3]) * 1000000
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local state = redis.call('HMGET', KEYS[1], 'l', 't')
local level = 0
local at = now
if state[1] then
  local since = tonumber(state[2])
  level = math.max(0, tonumber(state[1]) - rate * math.max(0, now - since))
  at = math.max(now, since)
end
local allowed = 0
if level + cost <= burst then
  allowed = 1
  level = level + cost
end
-- A dry bucket says nothing: it may go.
redis.call('HSET', KEYS[1], 'l', string.format('%.17g', level), 't', string.format('%.0f', at))
redis.call('PEXPIRE', KEYS[1], math.ceil(level / rate / 1000) + math.ceil((at - now) / 1000) + 1)
return { allowed, string.format('%.17g', level) }
