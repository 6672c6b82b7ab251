-- PURPOSE: a person unlocks a subscriber: wrong guesses, locks, the lifetime cap and a freeze are forgotten.
-- The moment of a freeze stays: what was made by then is dead for good.
-- USES: events
-- KEYS: 1 guesses  2 events  3 seq  4 installation marker
-- ARGV: 1 now ms or ''  2 subject (JSON)  3 shard  4 facts (JSON)  5 forgotten after ms
--       6 proposal that this carries out or ''  7 installation id
-- RETURNS: {1}, or {0} where there was nothing to forget, or the proposal was carried out before | {'other_store'}
-- EXAMPLE: after a lock {1}; at once again {0}

if is_other_store(KEYS[4], ARGV[7]) then
  return { 'other_store' }
end
if ARGV[6] ~= '' and redis.call('HGET', KEYS[1], 'u') == ARGV[6] then
  return { 0 }
end
local fields = redis.call('HKEYS', KEYS[1])
local forgotten = 0
for _, field in ipairs(fields) do
  if string.sub(field, 1, 2) ~= 'k:' and field ~= 'u' and field ~= 'z' then
    redis.call('HDEL', KEYS[1], field)
    forgotten = forgotten + 1
  end
end
if forgotten == 0 then
  return { 0 }
end
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[1], 'u', ARGV[6])
end
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[5]))
emit({ stream = KEYS[2], seq = KEYS[3], shard = ARGV[3], subject = ARGV[2], now = now_ms(ARGV[1]) },
  'subscriber_unlocked', ARGV[4], nil)
return { 1 }
