-- PURPOSE: take the cohorts that have ripened, once; what is entered later counts for nothing.
-- KEYS: 1 cohorts
-- ARGV: 1 newest cohort that is ripe
-- RETURNS: {gateway, operator, cohort, sent, entered, …}
-- EXAMPLE: a ripe cohort of 3 sends of which 2 were entered: {'devino', '25001', '425000000', 3, 2}

local fields = redis.call('HGETALL', KEYS[1])
local ripe, order = {}, {}
for i = 1, #fields, 2 do
  local gateway, operator, cohort, what = string.match(fields[i], '^([^|]*)|([^|]*)|(%d+)|([se])$')
  if cohort and tonumber(cohort) <= tonumber(ARGV[1]) then
    local name = gateway .. '|' .. operator .. '|' .. cohort
    if not ripe[name] then
      ripe[name] = { gateway = gateway, operator = operator, cohort = cohort, s = 0, e = 0 }
      order[#order + 1] = name
    end
    ripe[name][what] = tonumber(fields[i + 1])
    redis.call('HDEL', KEYS[1], fields[i])
  end
end
table.sort(order)
local taken = {}
for _, name in ipairs(order) do
  local one = ripe[name]
  if one.s > 0 then
    for _, value in ipairs({ one.gateway, one.operator, one.cohort, one.s, math.min(one.e, one.s) }) do
      taken[#taken + 1] = value
    end
  end
end
return taken
