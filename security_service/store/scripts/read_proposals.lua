-- PURPOSE: read proposals at one moment; changes nothing.
-- USES: events
-- KEYS: 1 and on: the proposals
-- ARGV: 1 now ms or ''
-- RETURNS: {now ms, then of each: body or '', state, at ms, expires ms, decided by, decided ms, reason, result}
-- EXAMPLE: one that is not there: {1700000000000, {'', '', '', '', '', '', '', ''}}

local found = { now_ms(ARGV[1]) }
for i, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 'b', 's', 't', 'x', 'd', 'dt', 'w', 'r')
  for field = 1, 8 do
    held[field] = held[field] or ''
  end
  found[i + 1] = held
end
return found
