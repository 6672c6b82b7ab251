-- PURPOSE: places in the messages a second of one account, shared by all processes and faces.
-- USES: events
-- KEYS: 1 pace of one account
-- ARGV: 1 now ms or ''  2 messages a second  3 places
-- RETURNS: {0} where they are taken, or {ms until a place is free}, and then none is taken
-- EXAMPLE: 10 a second: {0} for 40 places at once, then {3100} until what was above the pace is waited for

local now = now_ms(ARGV[1])
local interval = 1000 / tonumber(ARGV[2])
-- a second's worth may come at once; `at` is when all of it is free again
local burst = math.max(1000 - interval, 0)
local at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0') or 0, now)
local wait = math.ceil(at - burst - now)
if wait > 0 then
  return { wait }
end
local free = at + interval * tonumber(ARGV[3])
redis.call('SET', KEYS[1], string.format('%.3f', free), 'PX', math.ceil(free - now) + 1000)
return { 0 }
