-- PURPOSE: the tenant's hour: count a send without a SIM answer where the ceiling leaves room.
-- USES: events windows wide
-- KEYS: 1 all sends of the hour  2 unverified sends of the hour
-- ARGV: 1 now ms or ''  2 floor  3 percent
-- RETURNS: {1}, or {0} where the ceiling is reached
-- EXAMPLE: floor 100, 5 percent: the 101st unverified send of an hour with 1,000 sends gives {0}

local now = now_ms(ARGV[1])
local sent = wide_count(KEYS[1], 3600000, now)
local unverified = wide_count(KEYS[2], 3600000, now)
if unverified >= math.max(tonumber(ARGV[2]), math.floor(sent * tonumber(ARGV[3]) / 100)) then
  return { 0 }
end
wide_add(KEYS[2], 3600000, now, 1)
return { 1 }
