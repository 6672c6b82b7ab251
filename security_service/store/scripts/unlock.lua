-- PURPOSE: a person unlocks a subscriber: wrong guesses, locks and the lifetime cap are forgotten.
-- USES: events
-- KEYS: 1 guesses  2 events  3 seq
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 facts (JSON)  5 forgotten after ms
-- RETURNS: {1}, or {0} where there was nothing to forget
-- EXAMPLE: after a lock {1}; at once again {0}

local fields = redis.call('HKEYS', KEYS[1])
local forgotten = 0
for _, field in ipairs(fields) do
  if string.sub(field, 1, 2) ~= 'k:' then
    redis.call('HDEL', KEYS[1], field)
    forgotten = forgotten + 1
  end
end
if forgotten == 0 then
  return { 0 }
end
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[5]))
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
  'subscriber_unlocked', ARGV[4], nil)
return { 1 }
