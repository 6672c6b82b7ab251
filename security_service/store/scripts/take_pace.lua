-- PURPOSE: a place in a provider's requests a second, shared by all processes; says how long to wait for it.
-- USES: events
-- KEYS: 1 pace of one gateway
-- ARGV: 1 now ms or ''  2 requests a second  3 milliseconds the caller can wait at most
-- RETURNS: {ms to wait}, or {-1} where the wait would be too long (then no place is taken)
-- EXAMPLE: 10 requests a second: eleven calls at one moment give ten times {0}, then {100}

local now = now_ms(ARGV[1])
local interval = 1000 / tonumber(ARGV[2])
-- a second's worth may leave at once; `at` is when the bucket would be full again
local burst = math.max(1000 - interval, 0)
local at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0') or 0, now)
local wait = math.max(math.ceil(at - burst - now), 0)
if wait > tonumber(ARGV[3]) then
  return { -1 }
end
redis.call('SET', KEYS[1], string.format('%.3f', at + interval), 'PX', math.ceil(at + interval - now) + 1000)
return { wait }
