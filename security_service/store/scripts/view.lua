-- PURPOSE: read one subscriber's record and the locks beside it; changes nothing.
-- USES: events
-- KEYS: 1 bucket of records  2 guesses
-- ARGV: 1 now ms or ''  2 field of the record
-- RETURNS: {now ms, record, locked until ms or 0, failures, 1 where disabled, 1 where frozen}
-- EXAMPLE: a number never seen: {1700000000000, '', 0, 0, 0, 0}

local now = now_ms(ARGV[1])
local locked = 0
local fields = redis.call('HGETALL', KEYS[2])
local failures, disabled, frozen = 0, 0, 0
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if string.sub(name, 1, 2) == 'l:' and tonumber(value) > now then
    locked = math.max(locked, tonumber(value))
  elseif name == 'n' then
    failures = tonumber(value)
  elseif name == 'x' then
    disabled, frozen = 1, value == 'z' and 1 or 0
  end
end
return { now, redis.call('HGET', KEYS[1], ARGV[2]) or '', locked, failures, disabled, frozen }
